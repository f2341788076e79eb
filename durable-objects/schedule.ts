import { PLAIN_SEGMENT } from "./protocol.ts";
import type { PublishedRules, ScheduleConflict } from "./protocol.ts";

const MS_PER_SECOND = 1_000;
/** Their times, eight bytes each, are one SQL value, whose limit is 2 MB. */
const MAX_MOMENTS = 250_000;

/** What decides whether a segment's schedule can work: of a file that is to be imported, or of one that is stock. */
export interface ScheduledSegment {
  readonly segment: string;
  readonly cards: number;
  readonly hasCodes: boolean;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

/** What of a segment's schedule cannot work under these rules; empty when all can. */
export function checkSchedule(
  { segment, cards, hasCodes, opensAtMs, closesAtMs }: ScheduledSegment,
  { startsAtMs, endsAtMs, pools }: Pick<PublishedRules, "startsAtMs" | "endsAtMs" | "pools">,
): ScheduleConflict[] {
  const { repeat, moments } = pools[segment] ?? PLAIN_SEGMENT;
  const conflicts: ScheduleConflict[] = [];
  const conflict = (reason: ScheduleConflict["reason"], message: string) => conflicts.push({ reason, message });
  if (opensAtMs !== null && opensAtMs >= endsAtMs) conflict("opens_after_end", "the wave opens when the campaign is over");
  if (closesAtMs !== null && closesAtMs <= startsAtMs) conflict("closes_before_start", "the wave closes before the campaign starts");
  if (moments !== null) {
    const seconds = Math.floor((moments.toMs - moments.fromMs) / MS_PER_SECOND);
    if (cards > MAX_MOMENTS) conflict("too_many_moments", `${cards} winning moments, and a file may have ${MAX_MOMENTS}: split it`);
    else if (cards > seconds) conflict("too_many_moments", `${cards} winning moments in a window of ${seconds} seconds`);
    if (opensAtMs !== null || closesAtMs !== null)
      conflict("wave_of_moments", "winning moments have their own window: no opens_at, no closes_at");
  }
  if (repeat !== null && hasCodes) conflict("codes_repeat", "a deck that repeats cannot have codes: each is dealt once");
  return conflicts;
}
