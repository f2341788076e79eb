import type { Line } from "./line.ts";
import { MAX_ATTEMPTS } from "./retry.ts";

/**
 * A browser that failed to fetch a file which another one imports does not ask for it again while the page lives. After so many attempts to open LINE
 * the page is loaded anew; one that was loaded anew already is so again only where its user has come back, or asks for it.
 */
const MAX_LINE_FAILURES = 3;
/** The state of a history entry whose page was loaded anew; it outlives that. */
const ANEW = "anew";

/** The SDK keeps what it knows of a user in both, and does not begin without them. */
const STORES = [() => localStorage, () => sessionStorage];
const PROBE = "kuji.probe";

/** Where nothing can be kept nobody can sign in; LINE's own app keeps what it must. */
const OUTSIDE: Line = {
  idToken: () => Promise.resolve(null),
  inLine: false,
  signIn: null,
  share: () => Promise.resolve("unavailable"),
};

let failures = 0;

/**
 * What is left where LINE could not be opened. A browser that keeps nothing is told to be outside of LINE; else the error is thrown, to be tried
 * again, and where that has failed too often the page is loaded anew, if there is a page to be had: without a network a browser would show one of
 * its own, and stay there.
 */
export async function lineFailed(error: unknown): Promise<Line> {
  if (!STORES.every(keeps)) return OUTSIDE;
  failures += 1;
  if (failures > (history.state === ANEW ? MAX_ATTEMPTS + 1 : MAX_LINE_FAILURES)) {
    const { ok } = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (ok) {
      history.replaceState(ANEW, "");
      location.reload();
    }
  }
  throw error;
}

/** Whether the browser lets anything be written: site data may be blocked, or its room used up. */
function keeps(store: () => Storage): boolean {
  try {
    store().setItem(PROBE, PROBE);
    store().removeItem(PROBE);
    return true;
  } catch {
    return false;
  }
}
