import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { CampaignRules } from "../../durable-objects/protocol.ts";
import type { PoolFault } from "./faults.ts";

const MS_PER_SECOND = 1_000;

export interface ScheduledFile {
  readonly segment: string;
  readonly cards: number;
  readonly codes: number;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

/** What of a file's schedule cannot work in its campaign; empty when all can. */
export function checkSchedule({ segment, cards, codes, opensAtMs, closesAtMs }: ScheduledFile, rules: CampaignRules): PoolFault[] {
  const { repeat, moments } = rules.pools[segment] ?? PLAIN_SEGMENT;
  const faults: PoolFault[] = [];
  const impossible = (at: string, message: string) => faults.push({ code: "schedule_impossible", at, message });
  if (opensAtMs !== null && opensAtMs >= rules.endsAtMs) impossible("opens_at", "the wave opens when the campaign is over");
  if (closesAtMs !== null && closesAtMs <= rules.startsAtMs) impossible("closes_at", "the wave closes before the campaign starts");
  if (moments !== null) {
    const seconds = Math.floor((moments.toMs - moments.fromMs) / MS_PER_SECOND);
    if (cards > seconds) impossible("file", `${cards} winning moments in a window of ${seconds} seconds`);
    if (opensAtMs !== null || closesAtMs !== null) impossible("file", "winning moments have their own window: no opens_at, no closes_at");
  }
  if (repeat !== null && codes > 0) {
    faults.push({ code: "codes_repeat", at: "code", message: "a deck that repeats cannot have codes: each is dealt once" });
  }
  return faults;
}
