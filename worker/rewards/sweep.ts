import { sendRewards } from "./message.ts";
import type { RewardRef } from "./message.ts";

/** A reward that is overdue by this has lost its message: longer than a consumer takes, shorter than a winner's patience. */
export const SWEEP_AFTER_MS = 120_000;
/** One `sendBatch`. What is left is found a minute later. */
const REWARDS_PER_SWEEP = 2_000;

/** Sends pending rewards to the agent again whose message was lost, whatever lost it; those found are due now, so the next sweep lets them be. Gives their number. */
export async function sweepRewards(env: Pick<Env, "LEDGER" | "REWARDS">, nowMs: number = Date.now()): Promise<number> {
  const { results } = await env.LEDGER.prepare(
    `UPDATE rewards SET next_attempt_at = ?1
     WHERE +status = 'pending' AND card IN (
       SELECT card FROM rewards WHERE status = 'pending' AND next_attempt_at < ?2
       UNION ALL
       SELECT card FROM rewards WHERE status = 'pending' AND next_attempt_at IS NULL AND created_at < ?2
       LIMIT ?3
     )
     RETURNING card, campaign`,
  )
    .bind(nowMs, nowMs - SWEEP_AFTER_MS, REWARDS_PER_SWEEP)
    .all<RewardRef>();
  if (results.length === 0) return 0;
  await sendRewards(env, results);
  console.warn(JSON.stringify({ message: "overdue rewards were sent again", count: results.length }));
  return results.length;
}
