import { env } from "cloudflare:workers";
import type { CounterType } from "./schema.ts";

export interface Counted {
  readonly minute: number;
  readonly type: CounterType;
  readonly prize: string;
  readonly count: number;
}

/** Where each kind of count is to be found in the ledger's rows. */
const SOURCES: Readonly<Record<CounterType, readonly [table: "cards" | "rewards", at: string, where: string]>> = {
  issued: ["cards", "issued_at", "segment IS NOT NULL"],
  issued_as_fallback: ["cards", "issued_at", "segment IS NULL"],
  revealed: ["cards", "revealed_at", "true"],
  redeemed: ["cards", "redeemed_at", "true"],
  used: ["cards", "used_at", "true"],
  voided: ["cards", "ended_at", "state = 'voided'"],
  expired: ["cards", "ended_at", "state = 'expired'"],
  returned: ["cards", "ended_at", "returned = 1"],
  reward_granted: ["rewards", "granted_at", "status = 'granted'"],
  reward_failed: ["rewards", "failed_at", "status = 'failed'"],
};

/** A campaign's counts, made from its cards and rewards. */
export async function recount(campaign: string): Promise<Counted[]> {
  const parts = Object.entries(SOURCES).map(([type, [table, at, where]]) =>
    env.LEDGER.prepare(
      `SELECT ${at} / 60000 * 60000 AS minute, '${type}' AS type, prize, count(*) AS count FROM ${table}
       WHERE campaign = ? AND ${at} IS NOT NULL AND ${where} GROUP BY 1, 2, 3`,
    ).bind(campaign),
  );
  const counted = await env.LEDGER.batch<Counted>(parts);
  return inOrder(counted.flatMap(({ results }) => results));
}

/** The same, as the minute counters have it. */
export async function readCounters(campaign: string): Promise<Counted[]> {
  const query = "SELECT minute, type, prize, count FROM minute_counters WHERE campaign = ? AND count <> 0";
  const { results } = await env.LEDGER.prepare(query).bind(campaign).all<Counted>();
  return inOrder(results);
}

function inOrder(counted: readonly Counted[]): Counted[] {
  const key = ({ minute, type, prize }: Counted) => `${minute} ${type} ${prize}`;
  return counted.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
