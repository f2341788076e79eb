import { PERMIT_LIFE_MS } from "./in-flight.ts";

/** So many failures in a row, and a provider that was well is taken to be down. A lower number mistakes bad luck for it. */
const FEWEST_FAILURES_IN_A_ROW = 3;
/** Or, of one that has failed now and then anyway, as many as would come in a row by chance once in ten thousand times; this many at most. */
const MOST_FAILURES_IN_A_ROW = 16;
const UNLIKELY = 0.0001;
/** How far the share of calls that succeed follows one call: some twenty calls are remembered. */
const SHARE_WEIGHT = 0.05;
/** Of a row of failures so many are held against the provider once it answers again: how long it was down says little of how well it is. */
const REMEMBERED_FAILURES = 5;
/** Below this share a provider is asked no more slowly than at it, or it would never be seen to get well. */
const LEAST_SHARE = 0.1;

/** Most troubles pass at once; those that do not are asked about less often. Each further rest is as the last. */
const RESTS_MS = [2_000, 20_000, 15_000] as const;
/** And whatever the rests: in a minute and a little, with no success between them, no more failures than those that opened it and these. */
const PROBES_PER_WINDOW = 2;
const WINDOW_MS = 65_000;
const MOST_NOTED = MOST_FAILURES_IN_A_ROW + PROBES_PER_WINDOW;
/** Calls that find out together whether a provider is back. */
const PROBES = 1;
/** How soon to ask again while a probe is out. */
const PROBE_WAIT_MS = 500;
/** A provider that asks for a longer rest is asked again after this, with one call. */
const MAX_RETRY_AFTER_MS = 3_600_000;

interface Health {
  /** Of the calls before `failures`, the part that succeeded, the latest weighing most. */
  readonly share: number;
  /** When the calls failed that came since the last success, oldest first; the last few of them. */
  readonly failures: readonly number[];
}

export type Breaker = Health &
  (
    | { readonly state: "closed" }
    /** `rests`: how often it opened since it was last closed. */
    | { readonly state: "open"; readonly untilMs: number; readonly rests: number }
    | { readonly state: "half-open"; readonly probes: number; readonly probedAtMs: number; readonly rests: number }
  );

export interface Reported {
  readonly succeeded: number;
  readonly failed: number;
  readonly retryAfterMs: number | null;
}

export const CLOSED: Breaker = { state: "closed", share: 1, failures: [] };

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

/** The part of its rate at which a provider is asked: who answers half of the calls is asked half as fast. */
export function pace({ share }: Breaker): number {
  return Math.max(LEAST_SHARE, share);
}

/** Notes that `calls` were let through: behind an open breaker they are probes. */
export function admit(breaker: Breaker, calls: number, nowMs: number): Breaker {
  if (breaker.state === "closed" || calls === 0) return breaker;
  const lost = breaker.state === "half-open" && nowMs - breaker.probedAtMs >= PERMIT_LIFE_MS;
  const out = breaker.state === "half-open" && !lost ? breaker.probes : 0;
  const { share, failures, rests } = breaker;
  return { state: "half-open", share, failures, probes: out + calls, probedAtMs: nowMs, rests };
}

/**
 * Judges how calls went. What comes back to an open breaker was sent before it opened: a success says nothing new, a failure counts among those of its minute.
 * The provider's own wish to be left alone is obeyed in every state.
 */
export function judge(breaker: Breaker, reported: Reported, nowMs: number): Breaker {
  const judged = judgeOutcomes(breaker, reported, nowMs);
  if (reported.retryAfterMs === null) return judged;
  const untilMs = nowMs + Math.min(reported.retryAfterMs, MAX_RETRY_AFTER_MS);
  const { share, failures } = judged;
  if (judged.state === "open") return { ...judged, untilMs: Math.max(judged.untilMs, untilMs) };
  return { state: "open", share, failures, untilMs, rests: judged.state === "closed" ? 1 : judged.rests };
}

function judgeOutcomes(breaker: Breaker, { succeeded, failed }: Reported, nowMs: number): Breaker {
  switch (breaker.state) {
    case "closed": {
      const { share, failures } = noted(succeeded > 0 ? answered(breaker, succeeded) : breaker, failed, nowMs);
      return failures.length >= patience(share) ? rest({ share, failures }, 0, nowMs) : { state: "closed", share, failures };
    }
    case "open": {
      if (failed === 0) return breaker;
      const { share, failures } = noted(breaker, failed, nowMs);
      return { ...breaker, share, failures, untilMs: Math.max(breaker.untilMs, windowEndMs({ share, failures })) };
    }
    case "half-open":
      if (failed > 0) return rest(noted(breaker, failed, nowMs), breaker.rests, nowMs);
      return succeeded > 0 ? { state: "closed", ...answered(breaker, succeeded) } : breaker;
  }
}

function rest({ share, failures }: Health, rests: number, nowMs: number): Breaker {
  const restMs = RESTS_MS[Math.min(rests, RESTS_MS.length - 1)] ?? 0;
  return { state: "open", share, failures, untilMs: Math.max(nowMs + restMs, windowEndMs({ share, failures })), rests: rests + 1 };
}

/** How many failures in a row it takes for a provider that answers this share of calls to be taken for down. */
function patience(share: number): number {
  const byChance = share >= 1 ? 0 : Math.ceil(Math.log(UNLIKELY) / Math.log(1 - share));
  return Math.min(MOST_FAILURES_IN_A_ROW, Math.max(FEWEST_FAILURES_IN_A_ROW, byChance));
}

function answered({ share, failures }: Health, succeeded: number): Health {
  const fell = share * (1 - SHARE_WEIGHT) ** Math.min(REMEMBERED_FAILURES, failures.length);
  return { share: 1 - (1 - fell) * (1 - SHARE_WEIGHT) ** succeeded, failures: [] };
}

function noted({ share, failures }: Health, failed: number, nowMs: number): Health {
  return {
    share,
    failures: [...failures, ...Array.from({ length: Math.min(failed, MOST_NOTED) }, () => nowMs)].slice(-MOST_FAILURES_IN_A_ROW),
  };
}

/** Until when the minute's failures are used up; 0 when they are not. */
function windowEndMs({ share, failures }: Health): number {
  const oldest = failures.at(-(patience(share) + PROBES_PER_WINDOW));
  return oldest === undefined ? 0 : oldest + WINDOW_MS;
}
