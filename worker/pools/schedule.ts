import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { CampaignRules, ScheduleConflict } from "../../durable-objects/protocol.ts";
import { checkSchedule } from "../../durable-objects/schedule.ts";
import type { ScheduledSegment } from "../../durable-objects/schedule.ts";
import type { PoolFault } from "./faults.ts";

const PLACES: Readonly<Record<ScheduleConflict["reason"], string>> = {
  opens_after_end: "opens_at",
  closes_before_start: "closes_at",
  too_many_moments: "file",
  wave_of_moments: "file",
  codes_repeat: "code",
};

/** What of a file's schedule cannot work in its campaign, or could before `nowMs` only; empty when all can. */
export function scheduleFaults(file: ScheduledSegment, rules: CampaignRules, nowMs: number): PoolFault[] {
  const faults = checkSchedule(file, rules).map(({ reason, message }): PoolFault => ({
    code: reason === "codes_repeat" ? reason : "schedule_impossible",
    at: PLACES[reason],
    message,
  }));
  const { closesAtMs } = file;
  const { moments } = rules.pools[file.segment] ?? PLAIN_SEGMENT;
  const over = (at: string, message: string) => faults.push({ code: "schedule_impossible", at, message });
  if (closesAtMs !== null && closesAtMs <= nowMs) over("closes_at", "the wave is over already");
  if (moments !== null && moments.toMs <= nowMs) over("file", "the window of its winning moments is over already");
  return faults;
}
