import { and, count, eq, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { rewards } from "../ledger/schema.ts";
import type { RewardRow, RewardStatus } from "../ledger/queries.ts";
import { recordRedrives } from "./outcomes.ts";

/** Rewards of one redrive: one audit entry names them all, and one answer; who has more calls again. */
export const REWARDS_PER_REDRIVE = 500;

export interface RedriveWish {
  readonly campaign: string;
  /** Cards; absent: all that failed. */
  readonly ids?: readonly string[] | undefined;
}

export interface RedrivePlan {
  /** The failed rewards that this redrive takes, in the order of their cards' ids. */
  readonly failed: readonly RewardRow[];
  /** Those asked for that have not failed, and what they are instead; null: the campaign has no reward of that card. */
  readonly skipped: readonly { readonly card: string; readonly status: RewardStatus | null }[];
  /** Failed rewards of the campaign besides, asked for or not. */
  readonly remaining: number;
}

/** What a redrive would do. Only what has failed can be redriven: the rest has its message, or its prize. */
export async function planRedrive(db: DrizzleD1Database, { campaign, ids }: RedriveWish): Promise<RedrivePlan> {
  const ofCampaign = sql`+${rewards.campaign} = ${campaign}`;
  const allFailed = and(eq(rewards.status, "failed"), ofCampaign);
  const wanted = ids === undefined ? undefined : [...new Set(ids)];
  const found = await db
    .select()
    .from(rewards)
    .where(wanted === undefined ? allFailed : and(isOneOf(wanted), ofCampaign))
    .orderBy(rewards.card)
    .limit(REWARDS_PER_REDRIVE);
  const failed = found.filter(({ status }) => status === "failed");
  const statuses = new Map(found.map(({ card, status }) => [card, status]));
  const [counted] = await db.select({ failed: count() }).from(rewards).where(allFailed);
  return {
    failed,
    skipped: (wanted ?? []).filter((card) => statuses.get(card) !== "failed").map((card) => ({ card, status: statuses.get(card) ?? null })),
    remaining: (counted?.failed ?? 0) - failed.length,
  };
}

/** The statements that make failed rewards pending again, due now and with all their attempts before them. What they failed of stays to be seen until they are granted. */
export function redriveStatements(db: DrizzleD1Database, failed: readonly Pick<RewardRow, "card">[], nowMs: number) {
  const cards = failed.map(({ card }) => card);
  const update = db
    .update(rewards)
    .set({ status: "pending", attempts: 0, redrives: sql`${rewards.redrives} + 1`, nextAttemptAt: nowMs, failedAt: null })
    .where(and(isOneOf(cards), sql`+${rewards.status} = 'failed'`));
  return [...recordRedrives(db, cards, nowMs), update] as const;
}

/** Stands with conditions that no index serves (`+column`): a card finds its reward, and not a status the thousands that have it. */
function isOneOf(cards: readonly string[]) {
  return sql`${rewards.card} IN (SELECT value FROM json_each(${JSON.stringify(cards)}))`;
}
