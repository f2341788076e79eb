import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../scripts/api-call.ts";

/** A killed app is back within seconds; one that does not answer for this long has a fault. */
const PATIENCE_MS = 120_000;
const AGAIN_AFTER_MS = 20;
const AGAIN_SPREAD_MS = 40;

export interface Tries {
  /** Resolves when the app is there to be called: the machine is needed to start it. */
  readonly ready: () => Promise<void>;
  /** Calls whose outcome is not known: cut, timed out, failed inside. */
  unknown: number;
  /** Calls that were answered `internal`: the app has a log of each. */
  internal: number;
}

/**
 * Makes the same call again until it is answered: whether an earlier one was done is not known, and must not matter. Rejects with the answer of a call
 * that is refused (4xx), and after too long with the last failure.
 */
export async function insist<T>(tries: Tries, call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    await tries.ready();
    try {
      return await call();
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      if (error instanceof ApiError && error.status === 500) tries.internal += 1;
      tries.unknown += 1;
      if (performance.now() > deadline) throw error;
    }
    await sleep(AGAIN_AFTER_MS + Math.random() * AGAIN_SPREAD_MS);
  }
}
