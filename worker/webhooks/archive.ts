import { blockEvents } from "../../durable-objects/block.ts";
import { blockDay, dayOf, putLines } from "../ledger/lake.ts";
import { eventsOfBlock } from "./events.ts";
import type { PartnerEvent } from "./events.ts";

/** Events that no block holds lie beside the blocks: `partner-events/<campaign>/<UTC date>/<feed>.ndjson`, of a further ledger `<feed>-<2 and up>.ndjson`. */
function archiveDay(campaign: string, date: string): string {
  return `partner-events/${campaign}/${date}/`;
}

/** Keeps events that are in no block, for replays. Putting them twice changes nothing. */
export async function archiveEvents(
  env: Pick<Env, "LAKE">,
  campaign: string,
  feed: string,
  events: readonly PartnerEvent[],
): Promise<void> {
  const date = dayOf(events[0]?.at ?? 0);
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  await putLines(env, `${archiveDay(campaign, date)}${feed}.ndjson`, lines);
}

/** The events of a settled block. Throws where the lake has not got it. */
export async function readBlockEvents(env: Pick<Env, "LAKE">, campaign: string, key: string): Promise<PartnerEvent[]> {
  return eventsOfBlock(campaign, blockEvents({ body: await readObject(env, key) }));
}

async function readArchived(env: Pick<Env, "LAKE">, key: string): Promise<PartnerEvent[]> {
  const lines = (await readObject(env, key)).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as PartnerEvent);
}

async function readObject(env: Pick<Env, "LAKE">, key: string): Promise<string> {
  const object = await env.LAKE.get(key);
  if (object === null) throw new Error(`the lake has no ${key}`);
  return object.text();
}

/** Where a walk through a campaign's days stands: a day's blocks, then what else happened on it. */
export interface ArchivePlace {
  readonly date: string;
  readonly part: "blocks" | "others";
  /** The last key read; null: none yet. */
  readonly after: string | null;
}

const DAY_MS = 86_400_000;
/** Objects a page: some megabytes of events, of which a consumer may have ten at once. */
const OBJECTS_A_PAGE = 10;
/** Lists a page, for days on which nothing happened. */
const LISTS_A_PAGE = 50;

interface ArchivePage {
  readonly events: readonly PartnerEvent[];
  /** Null when the last day has been read. */
  readonly next: ArchivePlace | null;
}

/** One page of a campaign's events from `from` on, up to the end of the day `lastDate`. */
export async function readPage(env: Pick<Env, "LAKE">, campaign: string, from: ArchivePlace, lastDate: string): Promise<ArchivePage> {
  let place = from;
  for (let lists = 1; ; lists++) {
    const { date, part, after } = place;
    const prefix = part === "blocks" ? blockDay(campaign, date) : archiveDay(campaign, date);
    const { objects, truncated } = await env.LAKE.list({ prefix, limit: OBJECTS_A_PAGE, ...(after === null ? {} : { startAfter: after }) });
    const keys = objects.map(({ key }) => key);
    const next = truncated ? { date, part, after: keys.at(-1) ?? after } : placeAfter(place, lastDate);
    if (keys.length > 0 || next === null || lists === LISTS_A_PAGE) return { events: await readAll(env, campaign, part, keys), next };
    place = next;
  }
}

async function readAll(
  env: Pick<Env, "LAKE">,
  campaign: string,
  part: ArchivePlace["part"],
  keys: readonly string[],
): Promise<PartnerEvent[]> {
  const events: PartnerEvent[] = [];
  for (const key of keys) events.push(...(await (part === "blocks" ? readBlockEvents(env, campaign, key) : readArchived(env, key))));
  return events;
}

function placeAfter({ date, part }: ArchivePlace, lastDate: string): ArchivePlace | null {
  if (part === "blocks") return { date, part: "others", after: null };
  return date >= lastDate ? null : { date: dayOf(Date.parse(date) + DAY_MS), part: "blocks", after: null };
}
