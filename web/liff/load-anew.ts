import { MAX_ATTEMPTS } from "./retry.ts";

/**
 * A browser that failed to fetch a file which another one imports does not ask for it again while the page lives. After so many attempts to open LINE
 * the page is loaded anew; one that was loaded anew already is so again only where its user has come back, or asks for it.
 */
const MAX_LINE_FAILURES = 3;
/** The state of a history entry whose page was loaded anew; it outlives that. */
const ANEW = "anew";

/** Loads the page anew where LINE has failed to open too often, and there is a page to be had: without a network a browser would show one of its own, and stay there. */
export async function loadAnew(lineFailures: number): Promise<void> {
  if (lineFailures <= (history.state === ANEW ? MAX_ATTEMPTS + 1 : MAX_LINE_FAILURES)) return;
  const { ok } = await fetch(location.href, { method: "HEAD", cache: "no-store" });
  if (!ok) return;
  history.replaceState(ANEW, "");
  location.reload();
}
