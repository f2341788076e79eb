import { COUNTER_TYPES } from "./schema.ts";
import type { CounterType } from "./schema.ts";

export interface StatsQuery {
  readonly campaign: string;
  /** The start of a minute; the first step begins there. */
  readonly fromMs: number;
  /** Minutes that begin from then on are left out. */
  readonly toMs: number;
  /** Whole minutes. */
  readonly stepMs: number;
  readonly limit: number;
}

/** What happened to one prize in one step. */
export type PrizeCounts = { readonly atMs: number; readonly prize: string } & Readonly<Record<CounterType, number>>;

const SUMS = COUNTER_TYPES.map((type) => `coalesce(sum(count) FILTER (WHERE type = '${type}'), 0) AS ${type}`);

/** A campaign's minute counters, added up per step and prize, in that order; nothing of steps in which nothing happened. At most `limit` rows. */
export async function countPerStep(
  { LEDGER }: Pick<Env, "LEDGER">,
  { campaign, fromMs, toMs, stepMs, limit }: StatsQuery,
): Promise<PrizeCounts[]> {
  const { results } = await LEDGER.prepare(
    `SELECT minute - (minute - ?2) % ?4 AS atMs, prize, ${SUMS.join(", ")} FROM minute_counters
     WHERE campaign = ?1 AND minute >= ?2 AND minute < ?3 AND count <> 0 GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?5`,
  )
    .bind(campaign, fromMs, toMs, stepMs, limit)
    .all<PrizeCounts>();
  return results;
}
