import liff from "@line/liff/core";
import GetIDToken from "@line/liff/get-id-token";
import IsInClient from "@line/liff/is-in-client";
import IsLoggedIn from "@line/liff/is-logged-in";
import { LiffMockPlugin } from "@line/liff-mock";
import type { Boot } from "./boot.ts";
import type { Line } from "./line.ts";

const USER_KEY = "kuji.stand-in-user";

/**
 * A stand-in for LINE, in the development build only: LIFF is mocked, and the ID token comes from the sandbox.
 * The user is made up once a browser; `?as=U…` plays as somebody else, `?browser` as somebody who has not come by LINE.
 */
export async function openLine({ liffId, channelId, ...boot }: Boot & { readonly sandboxOrigin?: string }): Promise<Line> {
  const { sandboxOrigin } = boot;
  if (sandboxOrigin === undefined) throw new Error("a development build needs a sandbox: the server named none");
  liff.use(new IsInClient());
  liff.use(new IsLoggedIn());
  liff.use(new GetIDToken());
  // Its types ask for the whole SDK; it works with the parts above.
  liff.use(new LiffMockPlugin() as never);
  const mocked = liff as typeof liff & { init(config: { liffId: string; mock: true }): Promise<void> } & Pick<LiffMocked, "$mock">;
  await mocked.init({ liffId, mock: true });

  if (new URLSearchParams(location.search).has("browser")) {
    return { idToken: () => Promise.resolve(null), inLine: false, signIn: () => location.replace(location.pathname), share: noFriends };
  }
  const sub = standInUser();
  return {
    idToken: async () => {
      const response = await fetch(`${sandboxOrigin}/sandbox/id-token`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ sub, name: "Kuji", channelId }),
      });
      const { idToken } = (await response.json()) as { idToken: string };
      mocked.$mock.set({ isLoggedIn: true, isInClient: true, getIDToken: idToken });
      return liff.getIDToken();
    },
    inLine: true,
    signIn: () => location.reload(),
    share: noFriends,
  };
}

/** The stand-in has no friends: the page shares in its other ways. */
const noFriends = () => Promise.resolve("unavailable" as const);

interface LiffMocked {
  readonly $mock: { set(data: { isLoggedIn: boolean; isInClient: boolean; getIDToken: string }): void };
}

function standInUser(): string {
  const named = new URLSearchParams(location.search).get("as");
  if (named !== null) return named;
  const known = localStorage.getItem(USER_KEY);
  if (known !== null) return known;
  const made = `U${crypto.randomUUID().replaceAll("-", "")}`;
  localStorage.setItem(USER_KEY, made);
  return made;
}
