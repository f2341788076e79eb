import { drizzle } from "drizzle-orm/d1";
import { standingFaults } from "./chain-faults.ts";
import type { ChainFault } from "./chain-faults.ts";
import { countHeld } from "./held-rewards.ts";
import { boundLedgers, inEach, ledgersOf } from "./ledgers.ts";
import type { Knowing, Ledger } from "./ledgers.ts";
import { missingOf } from "./missing-blocks.ts";
import type { MissingBlock } from "./missing-blocks.ts";
import { countBlocks, countCards, countRewards, findCards, issuedPerPrize, listRewards, ownCards, writeCursor } from "./queries.ts";
import type {
  CardHistory,
  CardRef,
  CountedCards,
  CountedRewards,
  LedgerCard,
  OwnCardsQuery,
  Page,
  RewardRow,
  RewardsQuery,
} from "./queries.ts";
import { campaigns, COUNTER_TYPES } from "./schema.ts";
import { countPerStep } from "./stats.ts";
import type { PrizeCounts, StatsQuery } from "./stats.ts";

/** Reads of a campaign's ledgers as if they were one. Each rejects where one of them does not answer. */

/** A LINE user's cards in a campaign, newest first. */
export async function ownCardsOf(env: Knowing, query: OwnCardsQuery): Promise<Page<LedgerCard>> {
  const pages = await inEachOf(env, query.campaign, async (ledger) => ownCards(ledger, query));
  const newestFirst = (a: LedgerCard, b: LedgerCard) => (b.issuedAt ?? 0) - (a.issuedAt ?? 0) || inOrder(b.card, a.card);
  return mergePages(pages, query.limit, newestFirst, writeCursor);
}

/** Rewards of a campaign in the order of their cards' ids. */
export async function rewardsOf(env: Knowing, query: RewardsQuery): Promise<Page<RewardRow>> {
  const pages = await inEachOf(env, query.campaign, async (ledger) => listRewards(ledger, query));
  return mergePages(
    pages,
    query.limit,
    (a, b) => inOrder(a.card, b.card),
    ({ card }) => card,
  );
}

/** Cards per prize that were issued from the stock and whose place is not stock again, as settled. */
export async function issuedOf(env: Knowing, campaign: string): Promise<Map<string, number>> {
  const counts = await inEachOf(env, campaign, async (ledger) => issuedPerPrize(ledger, campaign));
  return sumByKey(counts.flatMap((own) => [...own]));
}

/** A group of cards may come once from each ledger. */
export async function countedCards(env: Knowing, campaign: string): Promise<CountedCards[]> {
  return (await inEachOf(env, campaign, async (ledger) => countCards(ledger, campaign))).flat();
}

/** A group of rewards may come once from each ledger. */
export async function countedRewards(env: Knowing, campaign: string): Promise<CountedRewards[]> {
  return (await inEachOf(env, campaign, async (ledger) => countRewards(ledger, campaign))).flat();
}

/** Settled blocks of a campaign, by shard. */
export async function countedBlocks(env: Knowing, campaign: string): Promise<Map<number, number>> {
  const counts = await inEachOf(env, campaign, async (ledger) => countBlocks(ledger, campaign));
  return sumByKey(counts.flatMap((own) => [...own]));
}

export async function countedHeld(env: Knowing, campaign: string): Promise<number> {
  const held = await inEachOf(env, campaign, async (ledger) => countHeld(ledger, campaign));
  return held.reduce((sum, rewards) => sum + rewards, 0);
}

export async function allMissing(env: Knowing, campaign: string): Promise<MissingBlock[]> {
  const missing = await inEachOf(env, campaign, async (ledger) => missingOf(ledger, campaign));
  return missing.flat().sort(byPlace);
}

export async function allFaults(env: Knowing, campaign: string, nowMs: number): Promise<ChainFault[]> {
  const faults = await inEachOf(env, campaign, async (ledger) => standingFaults(ledger, campaign, nowMs));
  return faults.flat().sort(byPlace);
}

/** Customer care's look-up in all ledgers and campaigns: what each has, the newest. */
export async function foundCards(env: Pick<Env, "LEDGER">, q: string, named: readonly CardRef[]): Promise<CardHistory[]> {
  const all = await drizzle(env.LEDGER).select({ campaign: campaigns.campaign }).from(campaigns);
  const asked = { named, campaigns: all.map(({ campaign }) => campaign) };
  return (await inEach(boundLedgers(env), async (ledger) => findCards(ledger, q, asked))).flat();
}

/** A campaign's minute counters, added up per step and prize, in that order; at most `limit` rows. */
export async function statsOf(env: Knowing, query: StatsQuery): Promise<PrizeCounts[]> {
  const all = (await inEachOf(env, query.campaign, async (ledger) => countPerStep(ledger, query))).flat();
  const sums = [...Map.groupBy(all, ({ atMs, prize }) => JSON.stringify([atMs, prize])).values()].map((rows) => rows.reduce(addCounts));
  return sums.sort((a, b) => a.atMs - b.atMs || inOrder(a.prize, b.prize)).slice(0, query.limit);
}

function addCounts(one: PrizeCounts, other: PrizeCounts): PrizeCounts {
  const counts = COUNTER_TYPES.map((type) => [type, one[type] + other[type]]);
  return { ...one, ...(Object.fromEntries(counts) as Partial<PrizeCounts>) };
}

async function inEachOf<Result>(env: Knowing, campaign: string, read: (ledger: Ledger) => Promise<Result>): Promise<Result[]> {
  return inEach(await ledgersOf(env, campaign), read);
}

/** Pages that begin at the same cursor as one of `limit` rows. */
function mergePages<Row>(
  pages: readonly Page<Row>[],
  limit: number,
  compare: (a: Row, b: Row) => number,
  cursorOf: (last: Row) => string,
): Page<Row> {
  const all = pages.flatMap(({ rows }) => rows).sort(compare);
  const rows = all.slice(0, limit);
  const last = rows.at(-1);
  const isLast = all.length === rows.length && pages.every(({ next }) => next === null);
  return { rows, next: isLast || last === undefined ? null : cursorOf(last) };
}

function sumByKey<Key>(counts: readonly (readonly [Key, number])[]): Map<Key, number> {
  const sums = new Map<Key, number>();
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}

function byPlace(a: { shard: number; block: number }, b: { shard: number; block: number }): number {
  return a.shard - b.shard || a.block - b.block;
}

/** As SQLite compares text that is ASCII. */
function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
