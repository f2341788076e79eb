import { and, desc, eq, inArray, isNotNull, lt, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { CardState } from "../../durable-objects/protocol.ts";
import { blocks, cards, minuteCounters, rewards } from "./schema.ts";

/** Reads of the settled ledger. It lags the issuers by about a second; what an answer must know at once is asked of the issuer. */

export type LedgerCard = typeof cards.$inferSelect;
export type RewardRow = typeof rewards.$inferSelect;
export type RewardStatus = RewardRow["status"];

/** Rows that one look-up by a person's id may give: more is not read by anybody. */
const MAX_FOUND = 200;

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Opaque; pass it back for the next page. Null: this was the last. */
  readonly next: string | null;
}

export interface CardCursor {
  readonly at: number;
  readonly card: string;
}

/** A LINE user's cards in a campaign, newest first; those after `after`. */
export async function ownCards(
  env: Pick<Env, "LEDGER">,
  query: { readonly campaign: string; readonly lineUserId: string; readonly after: CardCursor | null; readonly limit: number },
): Promise<Page<LedgerCard>> {
  const { after } = query;
  const rows = await drizzle(env.LEDGER)
    .select()
    .from(cards)
    .where(
      and(
        eq(cards.lineUser, query.lineUserId),
        eq(cards.campaign, query.campaign),
        isNotNull(cards.issuedAt),
        after === null ? undefined : or(lt(cards.issuedAt, after.at), and(eq(cards.issuedAt, after.at), lt(cards.card, after.card))),
      ),
    )
    .orderBy(desc(cards.issuedAt), desc(cards.card))
    .limit(query.limit + 1);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    rows: page,
    next: rows.length > query.limit && last !== undefined ? writeCursor({ at: last.issuedAt ?? 0, card: last.card }) : null,
  };
}

export async function rewardOf(env: Pick<Env, "LEDGER">, cardId: string): Promise<RewardRow | null> {
  const [row] = await drizzle(env.LEDGER).select().from(rewards).where(eq(rewards.card, cardId));
  return row ?? null;
}

/** Cards per prize that were issued from the stock and whose place is not stock again, as settled. */
export async function issuedPerPrize(env: Pick<Env, "LEDGER">, campaign: string): Promise<Map<string, number>> {
  const rows = await drizzle(env.LEDGER)
    .select({
      prize: minuteCounters.prize,
      issued: sql<number>`sum(CASE ${minuteCounters.type} WHEN 'issued' THEN ${minuteCounters.count} ELSE -${minuteCounters.count} END)`,
    })
    .from(minuteCounters)
    .where(and(eq(minuteCounters.campaign, campaign), inArray(minuteCounters.type, ["issued", "returned"])))
    .groupBy(minuteCounters.prize);
  return new Map(rows.map(({ prize, issued }) => [prize, issued]));
}

/** Rewards of a campaign in the order of their cards' ids; `cursor` is the last id of the page before. */
export async function listRewards(
  env: Pick<Env, "LEDGER">,
  query: {
    readonly campaign: string;
    readonly status?: RewardStatus | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<RewardRow>> {
  const rows = await drizzle(env.LEDGER)
    .select()
    .from(rewards)
    .where(
      and(
        eq(rewards.campaign, query.campaign),
        query.status === undefined ? undefined : eq(rewards.status, query.status),
        query.cursor === undefined ? undefined : sql`${rewards.card} > ${query.cursor}`,
      ),
    )
    .orderBy(rewards.card)
    .limit(query.limit + 1);
  const page = rows.slice(0, query.limit);
  return { rows: page, next: rows.length > query.limit ? (page.at(-1)?.card ?? null) : null };
}

export interface CardHistory {
  readonly card: LedgerCard;
  readonly reward: RewardRow | null;
}

export async function cardHistory(env: Pick<Env, "LEDGER">, cardId: string): Promise<CardHistory | null> {
  const [row] = await drizzle(env.LEDGER)
    .select()
    .from(cards)
    .leftJoin(rewards, eq(rewards.card, cards.card))
    .where(eq(cards.card, cardId));
  return row === undefined ? null : { card: row.cards, reward: row.rewards };
}

/** Customer care's look-up: a card id, LINE user id, recipient, request id or code, newest first. */
export async function findCards(env: Pick<Env, "LEDGER">, q: string): Promise<CardHistory[]> {
  const rows = await drizzle(env.LEDGER)
    .select()
    .from(cards)
    .leftJoin(rewards, eq(rewards.card, cards.card))
    .where(or(eq(cards.card, q), eq(cards.lineUser, q), eq(cards.recipient, q), eq(cards.request, q), eq(cards.code, q)))
    .orderBy(desc(cards.issuedAt))
    .limit(MAX_FOUND);
  return rows.map((row) => ({ card: row.cards, reward: row.rewards }));
}

export interface CountedCards {
  readonly prize: string;
  /** 1 for a card that came from no segment. */
  readonly fallback: number;
  readonly state: CardState;
  readonly count: number;
}

export async function countCards(env: Pick<Env, "LEDGER">, campaign: string): Promise<CountedCards[]> {
  return drizzle(env.LEDGER)
    .select({ prize: cards.prize, fallback: sql<number>`${cards.segment} is null`, state: cards.state, count: sql<number>`count(*)` })
    .from(cards)
    .where(eq(cards.campaign, campaign))
    .groupBy(cards.prize, sql`${cards.segment} is null`, cards.state);
}

export async function countRewards(
  env: Pick<Env, "LEDGER">,
  campaign: string,
): Promise<{ prize: string; status: RewardStatus; count: number }[]> {
  return drizzle(env.LEDGER)
    .select({ prize: rewards.prize, status: rewards.status, count: sql<number>`count(*)` })
    .from(rewards)
    .where(eq(rewards.campaign, campaign))
    .groupBy(rewards.prize, rewards.status);
}

/** Settled blocks of a campaign, by shard. */
export async function countBlocks(env: Pick<Env, "LEDGER">, campaign: string): Promise<Map<number, number>> {
  const rows = await drizzle(env.LEDGER)
    .select({ shard: blocks.shard, count: sql<number>`count(*)` })
    .from(blocks)
    .where(eq(blocks.campaign, campaign))
    .groupBy(blocks.shard);
  return new Map(rows.map(({ shard, count }) => [shard, count]));
}

function writeCursor(cursor: CardCursor): string {
  return btoa(`${cursor.at}:${cursor.card}`);
}

/** The cursor that `ownCards` gave as `next`; null for any other text. */
export function readCursor(text: string): CardCursor | null {
  try {
    const [at, card] = atob(text).split(":");
    return card !== undefined && Number.isSafeInteger(Number(at)) ? { at: Number(at), card } : null;
  } catch {
    return null;
  }
}
