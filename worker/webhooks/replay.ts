import type { NewFeed } from "./feed.ts";
import { dayOf } from "../ledger/lake.ts";
import { readPage } from "./archive.ts";
import type { ArchivePlace } from "./archive.ts";
import type { PartnerEvent } from "./events.ts";

const DAY_MS = 86_400_000;

/** A replay under way, as its row in `partner_feed` holds it. */
export interface Replay {
  readonly endpoint: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly place: ArchivePlace;
  /** Pages read before this one. */
  readonly page: number;
}

/** A replay of what happened to a campaign from `fromMs` on and before `toMs`, to one endpoint. A block lies at the day of its first event, which may be the one before. */
export function newReplay(campaign: string, range: Pick<Replay, "endpoint" | "fromMs" | "toMs">): NewFeed {
  const place: ArchivePlace = { date: dayOf(range.fromMs - DAY_MS), part: "blocks", after: null };
  return { campaign, kind: "replay", body: { ...range, place, page: 0 } satisfies Replay };
}

/** The next page of a replay; `next` is null after the last. */
export async function replayPage(
  env: Pick<Env, "LAKE">,
  campaign: string,
  replay: Replay,
): Promise<{ readonly events: readonly PartnerEvent[]; readonly next: Replay | null }> {
  const { fromMs, toMs, page } = replay;
  const { events, next } = await readPage(env, campaign, replay.place, dayOf(toMs));
  return {
    events: events.filter(({ at }) => at >= fromMs && at < toMs),
    next: next === null ? null : { ...replay, place: next, page: page + 1 },
  };
}
