import { and, eq, inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import { MAX_HELD_CARDS } from "../../../durable-objects/protocol.ts";
import type { HeldCard, ShardAddress } from "../../../durable-objects/protocol.ts";
import { placeOfCard } from "../../cards/card.ts";
import { ledgersOf, ofShard } from "../ledgers.ts";
import type { Ledger } from "../ledgers.ts";
import { noteMissing } from "../missing-blocks.ts";
import { cards, rewards } from "../schema.ts";
import { compareCard } from "./compare-card.ts";
import type { LedgerEntry } from "./compare-card.ts";
import { readHeldCards } from "./read-held-cards.ts";
import type { HeldPage } from "./read-held-cards.ts";
import { compareProviders, FIRST_PROVIDER, providersCursorSchema } from "./compare-providers.ts";
import type { ProviderReport } from "./compare-providers.ts";
import type { CardDifference } from "./differences.ts";

/** Pages of an issuer's cards that one step looks at. */
const PAGES_A_STEP = 10;
/** Rows of the ledger looked at in one step. */
const ROWS_A_STEP = 10_000;
/** The ledger may have news of a card between asking its issuer and reading it; not each time. */
const MAX_ASKED_AGAIN = 3;

/** Where a reconciliation stands; whoever runs it keeps this from step to step. */
export const reconcileCursorSchema = z.discriminatedUnion("phase", [
  /** Issuer by issuer, each card against the ledger. `lastSeqs`: how many cards each issuer had that is done. */
  z.strictObject({ phase: z.literal("issuers"), afterSeq: z.int().min(0), lastSeqs: z.array(z.int().min(0)).max(65_536) }),
  /** The cards of each ledger (`ledger`: of the campaign's, from 0), in the order of their ids: each must be an issuer's. */
  z.strictObject({
    phase: z.literal("cards"),
    ledger: z.int().min(0).default(0),
    after: z.string().max(64),
    lastSeqs: z.array(z.int().min(0)).max(65_536),
  }),
  /** The same of its rewards: each must be a card's. */
  z.strictObject({ phase: z.literal("rewards"), ledger: z.int().min(0).default(0), after: z.string().max(64) }),
  /** What reward providers say they have granted, against the ledger. */
  providersCursorSchema,
]);

export type ReconcileCursor = z.output<typeof reconcileCursorSchema>;

export const FIRST_STEP: ReconcileCursor = { phase: "issuers", afterSeq: 0, lastSeqs: [] };

export interface ReconcileStep {
  /** Null: that was the last. */
  readonly next: ReconcileCursor | null;
  /** Cards of issuers that were held against the ledger. */
  readonly compared: number;
  /** Cards of which the ledger cannot know everything yet: their events are on the way. */
  readonly waiting: number;
  readonly differences: readonly CardDifference[];
  /** Of a step that looked at a reward provider. */
  readonly provider?: ProviderReport;
}

/** One bounded step of holding a campaign's issuers, its ledger and its reward providers against each other, card by card. */
export async function reconcileStep(env: Env, campaign: string, shards: number, cursor: ReconcileCursor): Promise<ReconcileStep> {
  switch (cursor.phase) {
    case "issuers":
      return compareIssuers(env, campaign, shards, cursor);
    case "cards":
      return findStrangeCards(env, campaign, cursor);
    case "rewards":
      return findStrangeRewards(env, campaign, cursor);
    case "providers":
      return { compared: 0, waiting: 0, ...(await compareProviders(env, campaign, cursor)) };
  }
}

type IssuersCursor = Extract<ReconcileCursor, { phase: "issuers" }>;

async function compareIssuers(
  env: Env,
  campaign: string,
  shards: number,
  { afterSeq: from, lastSeqs: done }: IssuersCursor,
): Promise<ReconcileStep> {
  const lastSeqs = [...done];
  const differences: CardDifference[] = [];
  const ledgers = await ledgersOf(env, campaign);
  let [afterSeq, compared, waiting] = [from, 0, 0];
  for (let pages = 0; pages < PAGES_A_STEP && lastSeqs.length < shards; pages++) {
    const address = { campaign, shard: lastSeqs.length };
    const ledger = ofShard(ledgers, address.shard);
    const page = await readHeldCards(env, address, afterSeq, MAX_HELD_CARDS);
    const entries = await readEntries(
      ledger,
      campaign,
      page.cards.map(({ cardId }) => cardId),
    );
    for (const held of page.cards) {
      const verdict = await judge(env, ledger, address, held, entries.get(held.cardId) ?? NOTHING);
      if (verdict === "waiting") waiting += 1;
      else if (verdict !== "same") differences.push({ card: held.cardId, faults: verdict });
    }
    compared += page.cards.length;
    if (page.cards.length === MAX_HELD_CARDS) afterSeq = page.cards.at(-1)?.seq ?? afterSeq;
    else {
      await noteLostTail(ledger, address, page);
      lastSeqs.push(page.lastSeq);
      afterSeq = 0;
    }
  }
  const next: ReconcileCursor =
    lastSeqs.length < shards ? { phase: "issuers", afterSeq, lastSeqs } : { phase: "cards", ledger: 0, after: "", lastSeqs };
  return { next, compared, waiting, differences };
}

const NOTHING: LedgerEntry = { card: null, reward: null };

/** What the ledger has of these cards. */
async function readEntries({ LEDGER }: Pick<Env, "LEDGER">, campaign: string, ids: readonly string[]): Promise<Map<string, LedgerEntry>> {
  if (ids.length === 0) return new Map();
  const db = drizzle(LEDGER);
  const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const [cardRows, rewardRows] = await db.batch([
    db
      .select()
      .from(cards)
      .where(and(eq(cards.campaign, campaign), inArray(cards.card, wanted))),
    db
      .select()
      .from(rewards)
      .where(and(eq(rewards.campaign, campaign), inArray(rewards.card, wanted))),
  ]);
  const rewardOf = new Map(rewardRows.map((row) => [row.card, row]));
  const entries = new Map<string, LedgerEntry>(rewardRows.map((reward) => [reward.card, { card: null, reward }]));
  for (const card of cardRows) entries.set(card.card, { card, reward: rewardOf.get(card.card) ?? null });
  return entries;
}

/** What comes of one card: its faults where it differs. */
async function judge(
  env: Env,
  ledger: Ledger,
  address: ShardAddress,
  first: HeldCard,
  entry: LedgerEntry,
): Promise<"same" | "waiting" | readonly string[]> {
  let [held, seen] = [first, entry];
  for (let asked = 0; ; asked++) {
    const verdict = compareCard(address.campaign, address.shard, held, seen);
    if (verdict.status === "different") return verdict.faults;
    if (verdict.status !== "newer") return verdict.status;
    if (asked === MAX_ASKED_AGAIN) return [`version: ${held.version} at its issuer, ${seen.card?.version} in the ledger`];
    const [again] = (await readHeldCards(env, address, held.seq - 1, 1)).cards;
    held = again ?? held;
    seen = (await readEntries(ledger, address.campaign, [held.cardId])).get(held.cardId) ?? NOTHING;
  }
}

/** Blocks at a shard's very end that its issuer does not have any more, for the ledger had confirmed them, and that the ledger lacks: no later block shows that. */
async function noteLostTail(ledger: Ledger, { campaign, shard }: ShardAddress, { lastBlock, keptBlocks }: HeldPage): Promise<void> {
  const end = Math.min(lastBlock, (keptBlocks[0] ?? lastBlock + 1) - 1);
  const query = "SELECT coalesce(max(block), 0) AS last FROM blocks WHERE campaign = ? AND shard = ?";
  const row = await ledger.LEDGER.prepare(query).bind(campaign, shard).first<{ last: number }>();
  const nowMs = Date.now();
  await noteMissing(ledger, [{ campaign, shard, first: (row?.last ?? 0) + 1, last: end, since: nowMs }], nowMs);
}

type CardsCursor = Extract<ReconcileCursor, { phase: "cards" }>;

/** Cards of a ledger that no issuer has, for their id is not one of ours, or has a number that its issuer has not reached; and those that are not this ledger's. */
async function findStrangeCards(env: Env, campaign: string, { ledger: nth, after, lastSeqs }: CardsCursor): Promise<ReconcileStep> {
  const ledgers = await ledgersOf(env, campaign);
  const ledger = ofShard(ledgers, nth);
  const rows = await ledger.LEDGER.prepare("SELECT card FROM cards WHERE campaign = ? AND card > ? ORDER BY card LIMIT ?")
    .bind(campaign, after, ROWS_A_STEP)
    .all<{ card: string }>();
  const differences: CardDifference[] = [];
  const ahead = new Map<number, number>();
  for (const { card } of rows.results) {
    const place = placeOfCard(env, campaign, card);
    const last = place === null ? 0 : Math.max(lastSeqs[place.shard] ?? 0, ahead.get(place.shard) ?? 0);
    if (place !== null && place.shard < lastSeqs.length && place.seq > last) {
      ahead.set(place.shard, (await readHeldCards(env, { campaign, shard: place.shard }, place.seq, 0)).lastSeq);
    }
    const isKnown = place !== null && place.seq <= Math.max(last, ahead.get(place.shard) ?? 0);
    if (!isKnown) differences.push({ card, faults: ["no issuer has such a card"] });
    else if (ofShard(ledgers, place.shard).nth !== ledger.nth)
      differences.push({ card, faults: ["in another ledger than its shard settles in"] });
  }
  const end = rows.results.length === ROWS_A_STEP ? rows.results.at(-1)?.card : undefined;
  const onward = { phase: "cards", lastSeqs } as const;
  const next: ReconcileCursor =
    end !== undefined
      ? { ...onward, ledger: nth, after: end }
      : nth + 1 < ledgers.length
        ? { ...onward, ledger: nth + 1, after: "" }
        : { phase: "rewards", ledger: 0, after: "" };
  return { next, compared: 0, waiting: 0, differences };
}

type RewardsCursor = Extract<ReconcileCursor, { phase: "rewards" }>;

/** Rewards of a ledger whose card it does not have: the two come in one transaction. */
async function findStrangeRewards(env: Env, campaign: string, { ledger: nth, after }: RewardsCursor): Promise<ReconcileStep> {
  const ledgers = await ledgersOf(env, campaign);
  const { LEDGER } = ofShard(ledgers, nth);
  const { results } = await LEDGER.prepare(
    `WITH slice AS (SELECT card FROM rewards WHERE campaign = ?3 AND card > ?1 ORDER BY card LIMIT ?2)
     SELECT card, NOT EXISTS (SELECT 1 FROM cards WHERE campaign = ?3 AND cards.card = slice.card) AS strange, (SELECT count(*) FROM slice) AS rows
     FROM slice WHERE strange OR card = (SELECT max(card) FROM slice) ORDER BY card`,
  )
    .bind(after, ROWS_A_STEP, campaign)
    .all<{ card: string; strange: 0 | 1; rows: number }>();
  const differences = results
    .filter(({ strange }) => strange === 1)
    .map(({ card }) => ({ card, faults: ["a reward of a card that the ledger does not have"] }));
  const last = results.at(-1);
  const next: ReconcileCursor =
    last?.rows === ROWS_A_STEP
      ? { phase: "rewards", ledger: nth, after: last.card }
      : nth + 1 < ledgers.length
        ? { phase: "rewards", ledger: nth + 1, after: "" }
        : FIRST_PROVIDER;
  return { next, compared: 0, waiting: 0, differences };
}
