import type { DisabledBy } from "../protocol.ts";
import type { Answer } from "./answer.ts";

/** Calls at once: what the platform lets one invocation have waiting (Workers, simultaneous open connections). */
export const MAX_IN_FLIGHT = 6;
/** So many failures with no success between them, and the endpoint is taken to be down; a few events that it does not like are no reason. */
const FAILURES_IN_A_ROW = 6;
/** The first rest is short, for most troubles are; each further one is twice as long, up to what a repaired endpoint may be kept waiting. */
const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 600_000;
/** An endpoint's own wish is obeyed for this long, then it is asked again with one call. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

export type Health =
  | { readonly state: "well"; readonly failures: number }
  /** `rests`: how often it rested since it last took an event. */
  | { readonly state: "resting"; readonly untilMs: number; readonly rests: number }
  | { readonly state: "disabled"; readonly by: DisabledBy; readonly atMs: number };

export const WELL: Health = { state: "well", failures: 0 };

/** How many calls may be under way now: all, a single one that finds out whether it is back, or none. */
export function lanes(health: Health, nowMs: number): number {
  switch (health.state) {
    case "well":
      return MAX_IN_FLIGHT;
    case "resting":
      return nowMs < health.untilMs ? 0 : 1;
    case "disabled":
      return 0;
  }
}

/** Judges how a call went; `jitter`, 0 up to 1, keeps endpoints that fell together from being called together. */
export function judge(health: Health, answer: Answer, nowMs: number, jitter: number): Health {
  if (health.state === "disabled") return health;
  switch (answer.answer) {
    case "delivered":
      return WELL;
    case "gone":
      return { state: "disabled", by: "gone", atMs: nowMs };
    case "failed":
      return answer.retryAfterMs === null ? judgeFailure(health, nowMs, jitter) : obey(health, answer.retryAfterMs, nowMs);
  }
}

type Enabled = Exclude<Health, { state: "disabled" }>;

function judgeFailure(health: Enabled, nowMs: number, jitter: number): Health {
  if (health.state === "well") {
    const failures = health.failures + 1;
    return failures < FAILURES_IN_A_ROW ? { state: "well", failures } : rest(0, nowMs, jitter);
  }
  // What was sent before it rested says nothing new.
  return nowMs < health.untilMs ? health : rest(health.rests, nowMs, jitter);
}

function rest(rests: number, nowMs: number, jitter: number): Health {
  const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** rests);
  return { state: "resting", untilMs: nowMs + Math.round(restMs * (0.5 + jitter / 2)), rests: rests + 1 };
}

function obey(health: Enabled, retryAfterMs: number, nowMs: number): Health {
  const untilMs = nowMs + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
  if (health.state === "well") return { state: "resting", untilMs, rests: 0 };
  return { ...health, untilMs: Math.max(health.untilMs, untilMs) };
}
