import { parseRetryAfter } from "../retry-after.ts";
/** What came of sending one event. A `reason` is shown to operators: nothing of the answer's body in it. */
export type Answer =
  | { readonly answer: "delivered"; readonly httpStatus: number }
  /** It wants no more events, ever. */
  | { readonly answer: "gone"; readonly httpStatus: 410 }
  /** `retryAfterMs`: its own wish for all calls. */
  | { readonly answer: "failed"; readonly httpStatus: number | null; readonly reason: string; readonly retryAfterMs: number | null };

/** Any 2xx is a receipt; 410 ends the endpoint; a redirect is not followed, so it is a failure like everything else. */
export function answerOf(httpStatus: number, retryAfter: string | null, nowMs: number): Answer {
  if (httpStatus >= 200 && httpStatus < 300) return { answer: "delivered", httpStatus };
  if (httpStatus === 410) return { answer: "gone", httpStatus };
  const obeyed = httpStatus === 429 || httpStatus === 503;
  const reason = httpStatus >= 300 && httpStatus < 400 ? `answered ${httpStatus}: redirects are not followed` : `answered ${httpStatus}`;
  return { answer: "failed", httpStatus, reason, retryAfterMs: obeyed ? parseRetryAfter(retryAfter, nowMs) : null };
}

/** What was thrown instead of an answer. */
export function noAnswer(error: unknown, timeoutMs: number): Answer {
  const timedOut = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  const reason = timedOut ? `no answer within ${timeoutMs / 1_000} s` : "the connection failed";
  return { answer: "failed", httpStatus: null, reason, retryAfterMs: null };
}
