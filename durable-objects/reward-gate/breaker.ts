import { PERMIT_LIFE_MS } from "./in-flight.ts";

/** So many failures with no success between them, and the provider is taken to be down. A lower number mistakes bad luck for it. */
const FAILURES_IN_A_ROW = 3;
/** Or at least this share of at least so many calls within the window: a provider that answers some is no less ill. */
const FAILURE_SHARE = 0.5;
const MIN_CALLS = 20;
const WINDOW_MS = 10_000;
/** The first rest is short, for most troubles are; each further one costs a winner's call that is likely to fail. */
const FIRST_REST_MS = 5_000;
const LATER_REST_MS = 30_000;
/** Calls that find out together whether a provider is back. */
const PROBES = 1;
/** How soon to ask again while a probe is out. */
const PROBE_WAIT_MS = 500;
/** A provider that asks for a longer rest is asked again after this, with one call. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export type Breaker =
  | {
      readonly state: "closed";
      readonly failuresInARow: number;
      readonly window: { readonly sinceMs: number; readonly calls: number; readonly failed: number };
    }
  /** `rests`: how often it opened since it was last closed. */
  | { readonly state: "open"; readonly untilMs: number; readonly rests: number }
  | { readonly state: "half-open"; readonly probes: number; readonly probedAtMs: number; readonly rests: number };

export interface Reported {
  readonly succeeded: number;
  readonly failed: number;
  readonly retryAfterMs: number | null;
}

export const CLOSED: Breaker = { state: "closed", failuresInARow: 0, window: { sinceMs: 0, calls: 0, failed: 0 } };

/** How many calls the breaker lets through now; when none, how soon to ask again. */
export function admits(breaker: Breaker, nowMs: number): { readonly calls: number; readonly waitMs: number } {
  switch (breaker.state) {
    case "closed":
      return { calls: Number.POSITIVE_INFINITY, waitMs: 0 };
    case "open":
      return nowMs < breaker.untilMs ? { calls: 0, waitMs: breaker.untilMs - nowMs } : { calls: PROBES, waitMs: PROBE_WAIT_MS };
    case "half-open": {
      const lost = nowMs - breaker.probedAtMs >= PERMIT_LIFE_MS;
      return { calls: lost ? PROBES : Math.max(0, PROBES - breaker.probes), waitMs: PROBE_WAIT_MS };
    }
  }
}

/** Notes that `calls` were let through: behind an open breaker they are probes. */
export function admit(breaker: Breaker, calls: number, nowMs: number): Breaker {
  if (breaker.state === "closed" || calls === 0) return breaker;
  const lost = breaker.state === "half-open" && nowMs - breaker.probedAtMs >= PERMIT_LIFE_MS;
  const out = breaker.state === "half-open" && !lost ? breaker.probes : 0;
  return { state: "half-open", probes: out + calls, probedAtMs: nowMs, rests: breaker.rests };
}

/**
 * Judges how calls went. What comes back to an open breaker was sent before it opened and says nothing new,
 * but for the provider's own wish to be left alone, which is obeyed in every state.
 */
export function judge(breaker: Breaker, reported: Reported, nowMs: number): Breaker {
  const judged = judgeOutcomes(breaker, reported, nowMs);
  if (reported.retryAfterMs === null) return judged;
  const untilMs = nowMs + Math.min(reported.retryAfterMs, MAX_RETRY_AFTER_MS);
  if (judged.state === "open") return { ...judged, untilMs: Math.max(judged.untilMs, untilMs) };
  return { state: "open", untilMs, rests: judged.state === "closed" ? 1 : judged.rests };
}

function judgeOutcomes(breaker: Breaker, { succeeded, failed }: Reported, nowMs: number): Breaker {
  switch (breaker.state) {
    case "closed": {
      const failuresInARow = succeeded > 0 ? 0 : breaker.failuresInARow + failed;
      const running = nowMs - breaker.window.sinceMs < WINDOW_MS ? breaker.window : { sinceMs: nowMs, calls: 0, failed: 0 };
      const window = { sinceMs: running.sinceMs, calls: running.calls + succeeded + failed, failed: running.failed + failed };
      const ill = window.calls >= MIN_CALLS && window.failed >= window.calls * FAILURE_SHARE;
      if (failuresInARow >= FAILURES_IN_A_ROW || ill) return rest(0, nowMs);
      return { state: "closed", failuresInARow, window };
    }
    case "open":
      return breaker;
    case "half-open":
      if (failed > 0) return rest(breaker.rests, nowMs);
      return succeeded > 0 ? CLOSED : breaker;
  }
}

function rest(rests: number, nowMs: number): Breaker {
  return { state: "open", untilMs: nowMs + (rests === 0 ? FIRST_REST_MS : LATER_REST_MS), rests: rests + 1 };
}
