import type { Retry } from "./provider.ts";

/** Who has not answered by then has taken an unknown decision: it is asked again with the same key. Below a permit's life. */
export const CALL_TIMEOUT_MS = 10_000;

/** What a call came to that was not answered: nobody knows whether it was heard. */
export function unanswered(error: unknown): Retry {
  const timedOut = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  return { outcome: "retry", reason: timedOut ? `no answer within ${CALL_TIMEOUT_MS / 1_000} s` : "the connection failed" };
}
