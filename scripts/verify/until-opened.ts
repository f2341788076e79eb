import { waitFor } from "../wait.ts";
import type { Fairness, Segment } from "./fairness.ts";

/** The app remembers the document for ten seconds: so long after the close it may still be the one from before. */
const SHOWS_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 1_000;

export interface Asking {
  readonly ask: () => Promise<Fairness>;
  /** Told once, before it is waited. */
  readonly waiting: (message: string) => void;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** What is published of a campaign, its seeds with it; without them where they do not come in a while. */
export async function untilOpened({ ask, waiting, timeoutMs = SHOWS_WITHIN_MS, everyMs = ASK_EVERY_MS }: Asking): Promise<Fairness> {
  const first = await ask();
  if (first.segments.every(isOpened)) return first;
  waiting(`no seeds yet: a close shows within ten seconds, so this waits for up to ${timeoutMs / 1000} s`);
  const opened = waitFor({ what: "the seeds", timeoutMs, everyMs }, async () => {
    const now = await ask();
    return now.segments.every(isOpened) ? now : null;
  });
  return await opened.catch(() => first);
}

export function isOpened({ seed, manifest }: Segment): boolean {
  return seed !== undefined && manifest !== undefined;
}
