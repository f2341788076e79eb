import type { EventFeed, HearReply } from "../../durable-objects/protocol.ts";
import { webhookEndpoint } from "../objects.ts";
import { archiveEvents, readBlockEvents } from "./archive.ts";
import { rewardEvent, stockEvent } from "./events.ts";
import type { PartnerEvent, StockChange } from "./events.ts";
import { announceFeeds, feedMessageSchema } from "./feed.ts";
import type { FedReward, FeedRow } from "./feed.ts";
import { boundLedgers } from "../ledger/ledgers.ts";
import type { Ledger } from "../ledger/ledgers.ts";
import { loadListeners, mayHear, recordDisabled, wants } from "./listeners.ts";
import type { Listener } from "./listeners.ts";
import { replayPage } from "./replay.ts";
import type { Replay } from "./replay.ts";

/** Rows told at once: a block is some hundred kilobytes, and an invocation has 128 MB. */
const ROWS_AT_ONCE = 10;
/** A call to an object carries 32 MB; an event is some 400 bytes. */
const EVENTS_A_CALL = 10_000;
const RETRY_DELAY_S = 10;
/** A replay waits while its endpoint has so much before it, lest it take the room of what is new. */
const REPLAY_PAUSES_AT = 100_000;
const REPLAY_PAUSE_S = 60;

/** A row with what it stands for. */
interface Reading {
  readonly row: FeedRow;
  readonly source: string;
  readonly events: readonly PartnerEvent[];
  readonly replay: { readonly endpoint: string; readonly next: Replay | null } | null;
}

/**
 * Consumer of `partner-events`: gives each endpoint concerned what a row stands for; the row goes when all of them have it. An endpoint's object
 * takes a row once, and only keeps it: how its partner answers holds up nobody here.
 */
export async function consumePartnerEvents(batch: MessageBatch, env: Env): Promise<void> {
  const announced: Announced[] = [];
  for (const message of batch.messages) {
    const parsed = feedMessageSchema.safeParse(message.body);
    if (parsed.success) announced.push({ message, ...parsed.data });
    else {
      console.error(JSON.stringify({ message: "a partner-events message is of no known form", id: message.id }));
      message.ack();
    }
  }
  for (const [nth, together] of Map.groupBy(announced, ({ ledger }) => ledger)) await tellLedger(env, nth, together);
}

interface Announced {
  readonly message: Message;
  readonly ledger: number;
  readonly feeds: readonly number[];
}

/** A ledger whose rows could not be told has its own messages come again, and no other's. */
async function tellLedger(env: Env, nth: number, announced: readonly Announced[]): Promise<void> {
  const feeds = new Set(announced.flatMap((one) => one.feeds));
  try {
    const ledger = boundLedgers(env)[nth];
    if (ledger === undefined) throw new Error(`ledger ${nth + 1} is not bound`);
    await tellFeeds(env, ledger, [...feeds]);
    for (const { message } of announced) message.ack();
  } catch (error) {
    console.error(JSON.stringify({ message: "partner events were not all told", feeds: feeds.size, error: String(error) }));
    for (const { message } of announced) message.retry({ delaySeconds: RETRY_DELAY_S });
  }
}

/** Rejects when a row could not be told to all; the others are. */
async function tellFeeds(env: Env, ledger: Ledger, feeds: readonly number[]): Promise<void> {
  const listeners = await loadListeners(env);
  const faults: unknown[] = [];
  for (let first = 0; first < feeds.length; first += ROWS_AT_ONCE) {
    const rows = await loadRows(ledger, feeds.slice(first, first + ROWS_AT_ONCE));
    const read = await Promise.allSettled(rows.map(async (row) => readRow(env, ledger, row)));
    const readings = read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    faults.push(...read.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])));
    faults.push(...(await tellReadings(env, ledger, listeners, readings)));
  }
  if (faults.length > 0) throw faults[0];
}

async function loadRows({ LEDGER }: Ledger, feeds: readonly number[]): Promise<FeedRow[]> {
  const { results } = await LEDGER.prepare(
    "SELECT feed, campaign, kind, body, sweeps, due_at AS dueAt FROM partner_feed WHERE feed IN (SELECT value FROM json_each(?))",
  )
    .bind(JSON.stringify(feeds))
    .all<FeedRow>();
  return results;
}

/** Each ledger numbers its own rows. */
async function readRow(env: Env, { nth }: Ledger, row: FeedRow): Promise<Reading> {
  const { campaign, kind } = row;
  const ofLedger = nth === 0 ? "" : `-${nth + 1}`;
  const plain = { row, source: `${row.feed}${ofLedger}`, replay: null };
  const archived = `${String(row.feed).padStart(12, "0")}${ofLedger}`;
  switch (kind) {
    case "block": {
      const { key } = JSON.parse(row.body) as { key: string };
      return { ...plain, events: await readBlockEvents(env, campaign, key) };
    }
    case "rewards": {
      const rewards = JSON.parse(row.body) as FedReward[];
      const events = rewards.map(([card, prize, version, status, redrives, at]) =>
        rewardEvent({ campaign, card, prize, version, status, redrives, at }),
      );
      await archiveEvents(env, campaign, archived, events);
      return { ...plain, events };
    }
    case "stock": {
      const events = (JSON.parse(row.body) as StockChange[]).map(stockEvent);
      await archiveEvents(env, campaign, archived, events);
      return { ...plain, events };
    }
    case "replay": {
      const replay = JSON.parse(row.body) as Replay;
      const { events, next } = await replayPage(env, campaign, replay);
      return { row, source: `${plain.source}.${replay.page}`, events, replay: { endpoint: replay.endpoint, next } };
    }
  }
}

/** Tells every endpoint its part, and drops or moves on the rows that all have heard. Gives what went wrong. */
async function tellReadings(env: Env, ledger: Ledger, listeners: readonly Listener[], readings: readonly Reading[]): Promise<unknown[]> {
  const faults: unknown[] = [];
  const unheard = new Set<Reading>();
  const busy = new Set<string>();
  await Promise.all(
    listeners.map(async (listener) => {
      const parts = partsFor(listener, readings);
      if (parts.length === 0) return;
      try {
        const reply = await hear(env, listener, parts);
        if (reply.status === "disabled") await recordDisabled(env, listener.endpoint, reply.by, reply.atMs);
        else if (reply.pending > REPLAY_PAUSES_AT) busy.add(listener.endpoint);
      } catch (error) {
        faults.push(error);
        for (const { reading } of parts) unheard.add(reading);
      }
    }),
  );
  const heard = readings.filter((reading) => !unheard.has(reading));
  const listening = new Set(listeners.map(({ endpoint }) => endpoint));
  await finish(env, ledger, heard, { listening, busy });
  return faults;
}

interface Part {
  readonly reading: Reading;
  readonly feed: EventFeed;
}

function partsFor(listener: Listener, readings: readonly Reading[]): Part[] {
  return readings.flatMap((reading): Part[] => {
    const { row, replay, source } = reading;
    if (!mayHear(listener, row.campaign) || (replay !== null && replay.endpoint !== listener.endpoint)) return [];
    const events = reading.events.filter(({ type }) => wants(listener, type));
    return events.length === 0 ? [] : [{ reading, feed: { source, events } }];
  });
}

/** In calls of a bounded size; gives the last reply. */
async function hear(env: Env, { endpoint, url, sealed }: Listener, parts: readonly Part[]): Promise<HearReply> {
  const object = webhookEndpoint(env, endpoint);
  let reply: HearReply = { status: "heard", pending: 0 };
  let feeds: EventFeed[] = [];
  let events = 0;
  for (const [i, { feed }] of parts.entries()) {
    feeds.push(feed);
    events += feed.events.length;
    if (events < EVENTS_A_CALL && i < parts.length - 1) continue;
    reply = await object.hear({ endpoint, url, sealed }, feeds);
    if (reply.status === "disabled") return reply;
    feeds = [];
    events = 0;
  }
  return reply;
}

async function finish(
  env: Env,
  ledger: Ledger,
  readings: readonly Reading[],
  { listening, busy }: { readonly listening: ReadonlySet<string>; readonly busy: ReadonlySet<string> },
): Promise<void> {
  const goesOn = ({ replay }: Reading) => replay !== null && replay.next !== null && listening.has(replay.endpoint);
  const done = readings.filter((reading) => !goesOn(reading)).map(({ row }) => row.feed);
  const on = readings.filter(goesOn);
  if (done.length + on.length === 0) return;
  await ledger.LEDGER.batch([
    ledger.LEDGER.prepare("DELETE FROM partner_feed WHERE feed IN (SELECT value FROM json_each(?))").bind(JSON.stringify(done)),
    ...on.map(({ row, replay }) =>
      ledger.LEDGER.prepare("UPDATE partner_feed SET body = ? WHERE feed = ? AND body = ?").bind(
        JSON.stringify(replay?.next),
        row.feed,
        row.body,
      ),
    ),
  ]);
  for (const { row, replay } of on) {
    await announceFeeds(env, ledger, [row.feed], busy.has(replay?.endpoint ?? "") ? REPLAY_PAUSE_S : 0);
  }
}
