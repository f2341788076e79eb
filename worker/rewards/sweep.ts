import { boundLedgers, inEach } from "../ledger/ledgers.ts";
import type { Ledger } from "../ledger/ledgers.ts";
import { sendRewards } from "./message.ts";
import type { RewardRef } from "./message.ts";

/** A reward that is overdue by this has lost its message: longer than a consumer takes, shorter than a winner's patience. */
export const SWEEP_AFTER_MS = 120_000;
/** Of one ledger: one `sendBatch`. What is left is found a minute later. */
const REWARDS_PER_SWEEP = 2_000;
/** A minute of a ledger that settles sixteen batches a second. */
const ENTRIES_PER_SWEEP = 1_000;

/** Entries of fresh rewards that are overdue, the oldest first. */
const OVERDUE_ENTRIES = "SELECT entry FROM fresh_rewards WHERE at < ?1 ORDER BY entry LIMIT ?2";

/** Sends pending rewards to the agent again whose message was lost, whatever lost it; those found are due now, so the next sweep lets them be. Gives their number. */
export async function sweepRewards(env: Pick<Env, "LEDGER" | "REWARDS">, nowMs: number = Date.now()): Promise<number> {
  const swept = await inEach(boundLedgers(env), async (ledger) => sweepLedger(env, ledger, nowMs));
  return swept.reduce((sum, rewards) => sum + rewards, 0);
}

async function sweepLedger(env: Pick<Env, "REWARDS">, { LEDGER }: Ledger, nowMs: number): Promise<number> {
  const overdueMs = nowMs - SWEEP_AFTER_MS;
  const takeOver = LEDGER.prepare(
    `UPDATE rewards SET next_attempt_at = made.at
     FROM (SELECT at, value->>0 AS campaign, value->>1 AS card FROM fresh_rewards, json_each(cards) WHERE entry IN (${OVERDUE_ENTRIES})) AS made
     WHERE rewards.campaign = made.campaign AND rewards.card = made.card AND +rewards.status = 'pending' AND rewards.next_attempt_at IS NULL`,
  ).bind(overdueMs, ENTRIES_PER_SWEEP);
  const drop = LEDGER.prepare(`DELETE FROM fresh_rewards WHERE entry IN (${OVERDUE_ENTRIES})`).bind(overdueMs, ENTRIES_PER_SWEEP);
  const find = LEDGER.prepare(
    `UPDATE rewards SET next_attempt_at = ?1
     FROM (SELECT campaign, card FROM rewards WHERE status = 'pending' AND next_attempt_at < ?2 LIMIT ?3) AS overdue
     WHERE rewards.campaign = overdue.campaign AND rewards.card = overdue.card AND +rewards.status = 'pending'
     RETURNING card, campaign`,
  ).bind(nowMs, overdueMs, REWARDS_PER_SWEEP);
  const [, , found] = await LEDGER.batch<RewardRef>([takeOver, drop, find]);
  const results = found?.results ?? [];
  if (results.length === 0) return 0;
  await sendRewards(env, results);
  console.warn(JSON.stringify({ message: "overdue rewards were sent again", count: results.length }));
  return results.length;
}
