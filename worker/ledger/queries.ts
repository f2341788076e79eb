import { and, desc, eq, getTableColumns, gt, inArray, isNotNull, lt, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { MAX_FOUND_CARDS } from "../../durable-objects/protocol.ts";
import type { CardState } from "../../durable-objects/protocol.ts";
import { blocks, cards, minuteCounters, rewards } from "./schema.ts";

/** Reads of one settled ledger; `spanning.ts` has those of all of a campaign's. It lags the issuers by about a second; what an answer must know at once is asked of the issuer. */

export type LedgerCard = typeof cards.$inferSelect;
export type RewardRow = typeof rewards.$inferSelect;
export type RewardStatus = RewardRow["status"];

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Opaque; pass it back for the next page. Null: this was the last. */
  readonly next: string | null;
}

export interface CardCursor {
  readonly at: number;
  readonly card: string;
}

export interface OwnCardsQuery {
  readonly campaign: string;
  readonly lineUserId: string;
  readonly after: CardCursor | null;
  readonly limit: number;
}

/** A LINE user's cards in a campaign, newest first; those after `after`. */
export async function ownCards(env: Pick<Env, "LEDGER">, query: OwnCardsQuery): Promise<Page<LedgerCard>> {
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
    next: rows.length > query.limit && last !== undefined ? writeCursor(last) : null,
  };
}

export async function rewardOf(env: Pick<Env, "LEDGER">, campaign: string, cardId: string): Promise<RewardRow | null> {
  const [row] = await drizzle(env.LEDGER)
    .select()
    .from(rewards)
    .where(and(eq(rewards.campaign, campaign), eq(rewards.card, cardId)));
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

export interface RewardsQuery {
  readonly campaign: string;
  readonly status?: RewardStatus | undefined;
  /** The last id of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/**
 * The keys of a campaign's pending and failed rewards, and perhaps of some that are granted meanwhile. With `+` no index serves the campaign: they are few, and
 * found by their status.
 */
const WANTED = {
  failed: (campaign: string) => sql`SELECT campaign, card FROM rewards WHERE status = 'failed' AND +campaign = ${campaign}`,
  pending: (campaign: string) => sql`
    SELECT campaign, card FROM rewards WHERE status = 'pending' AND next_attempt_at IS NOT NULL AND +campaign = ${campaign}
    UNION SELECT value->>0 AS campaign, value->>1 AS card FROM fresh_rewards, json_each(cards) WHERE value->>0 = ${campaign}`,
} as const;

/** Rewards of a campaign in the order of their cards' ids. */
export async function listRewards(env: Pick<Env, "LEDGER">, { campaign, status, cursor, limit }: RewardsQuery): Promise<Page<RewardRow>> {
  const select = drizzle(env.LEDGER).select(getTableColumns(rewards));
  const from = cursor ?? "";
  const listed =
    status === "pending" || status === "failed"
      ? // A cross join, so that those wanted find their rows.
        select
          .from(sql`(${WANTED[status](campaign)}) AS wanted`)
          .crossJoin(rewards)
          .where(
            sql`${rewards.campaign} = wanted.campaign AND ${rewards.card} = wanted.card AND wanted.card > ${from} AND +${rewards.status} = ${status}`,
          )
      : select
          .from(rewards)
          .where(
            and(
              eq(rewards.campaign, campaign),
              gt(rewards.card, from),
              status === undefined ? undefined : sql`+${rewards.status} = ${status}`,
            ),
          );
  const rows = await listed.orderBy(rewards.card).limit(limit + 1);
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.card ?? null) : null };
}

export type CardRef = Pick<LedgerCard, "campaign" | "card">;

export interface CardHistory {
  readonly card: LedgerCard;
  readonly reward: RewardRow | null;
}

/**
 * Customer care's look-up: the cards of a card id, LINE user id or code, and those named, newest first. Each seeks in an index: a card id in the key of each of
 * `campaigns`.
 */
export async function findCards(
  env: Pick<Env, "LEDGER">,
  q: string,
  { named, campaigns }: { readonly named: readonly CardRef[]; readonly campaigns: readonly string[] },
): Promise<CardHistory[]> {
  const found = sql`
    SELECT campaign, card FROM cards WHERE campaign IN (SELECT value FROM json_each(${JSON.stringify(campaigns)})) AND card = ${q}
    UNION SELECT campaign, card FROM cards WHERE line_user = ${q}
    UNION SELECT campaign, card FROM cards WHERE code = ${q}
    UNION SELECT value->>0 AS campaign, value->>1 AS card FROM json_each(${JSON.stringify(named.map(({ campaign, card }) => [campaign, card]))})`;
  return drizzle(env.LEDGER)
    .select({ card: cards, reward: rewards })
    .from(sql`(${found}) AS found`)
    .innerJoin(cards, sql`${cards.campaign} = found.campaign AND ${cards.card} = found.card`)
    .leftJoin(rewards, and(eq(rewards.campaign, cards.campaign), eq(rewards.card, cards.card)))
    .orderBy(desc(cards.issuedAt))
    .limit(MAX_FOUND_CARDS);
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

export interface CountedRewards {
  readonly prize: string;
  readonly status: RewardStatus;
  readonly count: number;
}

export async function countRewards(env: Pick<Env, "LEDGER">, campaign: string): Promise<CountedRewards[]> {
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

/** The cursor of the page after this card. */
export function writeCursor({ issuedAt, card }: Pick<LedgerCard, "issuedAt" | "card">): string {
  return btoa(`${issuedAt ?? 0}:${card}`);
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
