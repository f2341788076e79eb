import liff from "@line/liff/core";
import GetIDToken from "@line/liff/get-id-token";
import IsApiAvailable from "@line/liff/is-api-available";
import IsInClient from "@line/liff/is-in-client";
import IsLoggedIn from "@line/liff/is-logged-in";
import Login from "@line/liff/login";
import Logout from "@line/liff/logout";
import type { Boot } from "./boot.ts";
import type { FlexMessage } from "./invitation.ts";

/** What the page needs of LINE. */
export interface Line {
  /** The ID token of the user, or null where LINE does not know one. */
  idToken(): Promise<string | null>;
  /** Whether the page runs inside the LINE app; elsewhere a login in the browser is possible. */
  readonly inLine: boolean;
  /** Leaves for LINE's login and comes back to this address. Outside the LINE app only; null where the browser keeps nothing, so that nobody could come back. */
  readonly signIn: (() => void) | null;
  /** Lets the user choose friends to send a message to. LINE offers it in its app, where the LIFF app allows it. */
  share(message: FlexMessage): Promise<"sent" | "cancelled" | "unavailable">;
}

/** LINE is said to be slow after this. What it has begun goes on. */
const PATIENCE_MS = 12_000;
let beginning: Promise<void> | null = null;

/**
 * Starts the LIFF SDK. In the LINE app a link is opened in two steps, and the first one never resolves: `liff.init` itself goes on to
 * the second address. Nothing of the address is read before it has resolved. Rejects where LINE refuses, or is silent for long; called again
 * then, it waits for the same answer.
 */
export async function openLine({ liffId }: Boot): Promise<Line> {
  beginning ??= begin(liffId).catch((error: unknown) => {
    beginning = null;
    throw error;
  });
  await Promise.race([beginning, new Promise((_, reject) => setTimeout(reject, PATIENCE_MS))]);
  return {
    idToken: () => Promise.resolve(liff.isLoggedIn() ? liff.getIDToken() : null),
    inLine: liff.isInClient(),
    signIn: () => {
      // A login that LINE still remembers would be answered with its old token.
      if (liff.isLoggedIn()) liff.logout();
      liff.login({ redirectUri: location.href });
    },
    share: async (message) => {
      if (!liff.isInClient() || !liff.isApiAvailable("shareTargetPicker")) return "unavailable";
      const { default: ShareTargetPicker } = await import("@line/liff/share-target-picker");
      liff.use(new ShareTargetPicker());
      // The SDK's types are of messages that may change; ours is one of them.
      const result = await liff.shareTargetPicker([message as never]);
      return result ? "sent" : "cancelled";
    },
  };
}

async function begin(liffId: string): Promise<void> {
  for (const Module of [GetIDToken, IsInClient, IsLoggedIn, Login, Logout]) liff.use(new Module());
  liff.use(new IsApiAvailable());
  await liff.init({ liffId });
}
