import liff from "@line/liff/core";
import GetIDToken from "@line/liff/get-id-token";
import IsInClient from "@line/liff/is-in-client";
import IsLoggedIn from "@line/liff/is-logged-in";
import Login from "@line/liff/login";
import Logout from "@line/liff/logout";
import type { Boot } from "./boot.ts";

/** What the page needs of LINE. */
export interface Line {
  /** The ID token of the user, or null where LINE does not know one. */
  idToken(): Promise<string | null>;
  /** Whether the page runs inside the LINE app; elsewhere a login in the browser is possible. */
  readonly inLine: boolean;
  /** Leaves for LINE's login and comes back to this address. Outside the LINE app only. */
  signIn(): void;
}

/**
 * Starts the LIFF SDK. In the LINE app a link is opened in two steps, and the first one never resolves: `liff.init` itself goes on to
 * the second address. Nothing of the address is read before it has resolved.
 */
export async function openLine({ liffId }: Boot): Promise<Line> {
  for (const Module of [GetIDToken, IsInClient, IsLoggedIn, Login, Logout]) liff.use(new Module());
  await liff.init({ liffId });
  return {
    idToken: () => Promise.resolve(liff.isLoggedIn() ? liff.getIDToken() : null),
    inLine: liff.isInClient(),
    signIn: () => {
      // A login that LINE still remembers would be answered with its old token.
      if (liff.isLoggedIn()) liff.logout();
      liff.login({ redirectUri: location.href });
    },
  };
}
