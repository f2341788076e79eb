import type { Failure } from "./api.ts";

const FIRST_WAIT_MS = 1_000;
/** Nobody looks at a page for longer than this without a sign of life. */
const LONGEST_WAIT_MS = 20_000;
/** A server, or a date of its, that asks for more is asked again all the same. */
const LONGEST_WISH_MS = 600_000;
/** `navigator.onLine` can be wrong for hours; so even "offline" is tried again. */
const OFFLINE_WAIT_MS = 15_000;
/** At the longest wait this is a little over ten minutes: then the user is asked to try again. */
export const MAX_ATTEMPTS = 40;

/** Why a call waits: too many people (429, 503), no network, a fault on our side, or a reward that is still on its way. */
export type WaitReason = "busy" | "offline" | "trouble" | "on_its_way";

export interface Wait {
  readonly reason: WaitReason;
  readonly untilMs: number;
}

/** Too late, too early, too often: https://www.rfc-editor.org/rfc/rfc9110#name-408-request-timeout, RFC 8470 §5.2, RFC 6585 §4. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429];

/**
 * Problems that a repetition may cure; every call of the page is idempotent, so repeating is always safe. A refusal without a code of ours comes from
 * something on the way, which may think better of it.
 */
export function isPassing(failure: Failure): boolean {
  return failure.kind === "network" || failure.code === "unknown" || failure.status >= 500 || PASSING_STATUSES.includes(failure.status);
}

/**
 * When to call again after a passing failure. `attempt` counts the failures so far, from 1; `dice` is random in [0, 1).
 * The server's `Retry-After` is a minimum, up to ten minutes; what is added spreads the callers, so that they do not come back at once. One that
 * has passed says no more than that it is soon.
 */
export function waitAfter(failure: Failure, attempt: number, nowMs: number, dice: number): Wait {
  if (failure.kind === "network" && failure.offline) return { reason: "offline", untilMs: nowMs + OFFLINE_WAIT_MS };
  const reason = failure.kind === "problem" && (failure.status === 429 || failure.status === 503) ? "busy" : "trouble";
  const backoffMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  const wishedMs = failure.kind === "problem" ? Math.min(LONGEST_WISH_MS, failure.retryAfterMs ?? 0) : 0;
  const waitMs = wishedMs > 0 ? wishedMs + dice * Math.max(FIRST_WAIT_MS, wishedMs / 2) : backoffMs * (0.5 + dice / 2);
  return { reason, untilMs: nowMs + Math.round(waitMs) };
}
