import type { Health } from "./health.ts";

/** What there is to do: `fresh` events wait for their first attempt; `dueAtMs` is when the first of the others is to be sent again. */
export interface Work {
  readonly fresh: boolean;
  readonly dueAtMs: number | null;
}

/** When the object is to wake; null: there is nothing to wake for. */
export function nextAlarm(health: Health, { fresh, dueAtMs }: Work, nowMs: number): number | null {
  if (health.state === "disabled") return null;
  const workAtMs = fresh ? nowMs : dueAtMs;
  if (workAtMs === null) return null;
  return Math.max(nowMs, workAtMs, health.state === "resting" ? health.untilMs : 0);
}
