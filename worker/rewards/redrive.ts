import { and, count, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { HELD_UNTIL_MS } from "../ledger/held-rewards.ts";
import { inEach } from "../ledger/ledgers.ts";
import type { Ledger } from "../ledger/ledgers.ts";
import { rewards } from "../ledger/schema.ts";
import type { RewardRow, RewardStatus } from "../ledger/queries.ts";
import type { RewardRef } from "./message.ts";
import { recordRedrives } from "./outcomes.ts";
import { rewardKeys } from "./reward-keys.ts";

/** Rewards of one redrive: one audit entry names them all, and one answer; who has more calls again. */
export const REWARDS_PER_REDRIVE = 500;

export interface RedriveWish {
  readonly campaign: string;
  /** Cards; absent: all that there are. */
  readonly ids?: readonly string[] | undefined;
  /** Those that are held, instead of those that failed. */
  readonly held: boolean;
}

export interface RedrivePlan {
  /** The rewards that this redrive takes, in the order of their cards' ids. */
  readonly taken: readonly RewardRow[];
  /** Those asked for that are none of them, and what they are instead; null: the campaign has no reward of that card. */
  readonly skipped: readonly { readonly card: string; readonly status: RewardStatus | null }[];
  /** Such rewards of the campaign besides, asked for or not. */
  readonly remaining: number;
}

/** What of a redrive is one ledger's. */
export interface LedgerRedrive {
  readonly ledger: Ledger;
  readonly taken: readonly RewardRow[];
}

/** What a redrive would do in all of a campaign's ledgers, and in each. */
export async function planRedriveIn(
  ledgers: readonly Ledger[],
  wish: RedriveWish,
): Promise<{ readonly plan: RedrivePlan; readonly inLedgers: readonly LedgerRedrive[] }> {
  const plans = await inEach(ledgers, async (ledger) => ({ ledger, ...(await planRedrive(drizzle(ledger.LEDGER), wish)) }));
  const all = plans.flatMap(({ taken }) => taken).sort((a, b) => (a.card < b.card ? -1 : 1));
  const taken = all.slice(0, REWARDS_PER_REDRIVE);
  const isTaken = new Set(taken.map(({ card }) => card));
  const known = new Map(
    plans.flatMap(({ skipped }) => skipped).flatMap(({ card, status }) => (status === null ? [] : [[card, status] as const])),
  );
  const skipped = [...new Set(wish.ids)].filter((card) => !isTaken.has(card)).map((card) => ({ card, status: known.get(card) ?? null }));
  const remaining = plans.reduce((sum, plan) => sum + plan.remaining + plan.taken.length, 0) - taken.length;
  return {
    plan: { taken, skipped, remaining },
    inLedgers: plans
      .map(({ ledger, taken: own }) => ({ ledger, taken: own.filter(({ card }) => isTaken.has(card)) }))
      .filter(({ taken: own }) => own.length > 0),
  };
}

/** What a redrive would do in one ledger. Only what has failed, or is held, can be redriven: the rest has its message, or its prize. */
export async function planRedrive(db: DrizzleD1Database, { campaign, ids, held }: RedriveWish): Promise<RedrivePlan> {
  const ofCampaign = sql`+${rewards.campaign} = ${campaign}`;
  const all = held
    ? and(eq(rewards.status, "pending"), eq(rewards.nextAttemptAt, HELD_UNTIL_MS), ofCampaign)
    : and(sql`${rewards.status} = 'failed'`, ofCampaign);
  const isWanted = (row: RewardRow) => (held ? row.status === "pending" && row.nextAttemptAt === HELD_UNTIL_MS : row.status === "failed");
  const wanted = ids === undefined ? undefined : [...new Set(ids)];
  const found = await db
    .select()
    .from(rewards)
    .where(wanted === undefined ? all : isOneOf(wanted.map((card) => ({ campaign, card }))))
    .orderBy(rewards.card)
    .limit(REWARDS_PER_REDRIVE);
  const taken = found.filter(isWanted);
  const known = new Map(found.map((row) => [row.card, row]));
  const takenCards = new Set(taken.map(({ card }) => card));
  const [counted] = await db.select({ rewards: count() }).from(rewards).where(all);
  return {
    taken,
    skipped: (wanted ?? []).filter((card) => !takenCards.has(card)).map((card) => ({ card, status: known.get(card)?.status ?? null })),
    remaining: (counted?.rewards ?? 0) - taken.length,
  };
}

/** The statements that make failed rewards pending again, due now and with all their attempts before them. What they failed of stays to be seen until they are granted. */
export function redriveStatements(db: DrizzleD1Database, failed: readonly RewardRef[], nowMs: number) {
  const update = db
    .update(rewards)
    .set({ status: "pending", attempts: 0, redrives: sql`${rewards.redrives} + 1`, nextAttemptAt: nowMs, failedAt: null })
    .where(and(isOneOf(failed), sql`+${rewards.status} = 'failed'`));
  return [...recordRedrives(db, failed, nowMs), update] as const;
}

/** The statement that makes held rewards due: they are asked for under their keys, though they may have been granted. Why they were held stays to be seen. */
export function releaseHeld(db: DrizzleD1Database, held: readonly RewardRef[], nowMs: number) {
  return db
    .update(rewards)
    .set({ nextAttemptAt: nowMs })
    .where(and(isOneOf(held), sql`+${rewards.status} = 'pending'`, sql`+${rewards.nextAttemptAt} = ${HELD_UNTIL_MS}`));
}

/** Stands with conditions that no index serves (`+column`): a card finds its reward, and not a status the thousands that have it. */
function isOneOf(refs: readonly RewardRef[]) {
  return sql`(${rewards.campaign}, ${rewards.card}) IN ${rewardKeys(refs)}`;
}
