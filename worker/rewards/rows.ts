import { and, isNull, lte, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { PRIZE_KINDS } from "../../durable-objects/protocol.ts";
import type { Ledger } from "../ledger/ledgers.ts";
import { rewards } from "../ledger/schema.ts";
import { announceFeeds, feedRewards, feedsWritten } from "../webhooks/feed.ts";
import { recordOutcomes } from "./outcomes.ts";
import type { RewardRef } from "./message.ts";
import type { Reward } from "./provider.ts";
import { rewardKeys } from "./reward-keys.ts";
import type { Verdict } from "./verdict.ts";

/** Clocks of two machines may differ by this; a reward that seems due so much later is due. */
const CLOCK_SKEW_MS = 1_000;

/**
 * Those of `refs` whose reward is pending and due. One that is not due waits for another message, which carries it on: so doubled messages
 * of one reward become one again.
 */
export async function loadDueRewards(env: Pick<Env, "LEDGER">, refs: readonly RewardRef[], nowMs: number): Promise<Reward[]> {
  const rows = await drizzle(env.LEDGER)
    .select({
      card: rewards.card,
      campaign: rewards.campaign,
      prize: rewards.prize,
      kind: rewards.kind,
      lineUser: rewards.lineUser,
      recipient: rewards.recipient,
      attempts: rewards.attempts,
    })
    .from(rewards)
    .where(
      and(
        sql`(${rewards.campaign}, ${rewards.card}) IN ${rewardKeys(refs)}`,
        // With `+` no index serves it: a card finds its reward, and not the status all that are pending.
        sql`+${rewards.status} = 'pending'`,
        or(isNull(rewards.nextAttemptAt), lte(rewards.nextAttemptAt, nowMs + CLOCK_SKEW_MS)),
      ),
    );
  return rows.flatMap((row) => {
    const kind = PRIZE_KINDS.find((known) => known === row.kind);
    return kind === undefined ? leftAlone(row) : [{ ...row, kind }];
  });
}

/** A reward of a kind that this version does not know keeps no other from its prize; it stays pending, and is swept until one does. */
function leftAlone({ campaign, kind }: { readonly campaign: string; readonly kind: string }): [] {
  console.error(JSON.stringify({ message: "a reward is of an unknown kind", campaign, kind }));
  return [];
}

/** Writes what became of rewards of one ledger, in one transaction, for the lake too, and announces it to partners that listen; a reward that is no longer pending stays as it is. */
export async function recordVerdicts(
  env: Pick<Env, "LEDGER" | "PARTNER_EVENTS">,
  ledger: Ledger,
  verdicts: readonly Verdict[],
  nowMs: number,
): Promise<void> {
  if (verdicts.length === 0) return;
  const feed = await feedRewards(env, ledger, verdicts, nowMs);
  const results = await ledger.LEDGER.batch([...feed, ...recordOutcomes(ledger, verdicts, nowMs), updateRewards(ledger, verdicts)]);
  await announceFeeds(env, ledger, feedsWritten(results.slice(0, feed.length)));
}

function updateRewards(env: Pick<Env, "LEDGER">, verdicts: readonly Verdict[]): D1PreparedStatement {
  const rows = verdicts.map((v) => [
    v.campaign,
    v.card,
    v.status,
    v.attempts,
    v.nextAttemptAt,
    v.grantedAt,
    v.failedAt,
    v.lastError,
    v.receipt,
  ]);
  return env.LEDGER.prepare(
    `UPDATE rewards SET
       status = verdict.status,
       attempts = max(rewards.attempts, verdict.attempts),
       next_attempt_at = verdict.next_attempt_at,
       granted_at = verdict.granted_at,
       failed_at = verdict.failed_at,
       last_error = coalesce(verdict.last_error, rewards.last_error),
       receipt = verdict.receipt
     FROM (
       SELECT value->>0 AS campaign, value->>1 AS card, value->>2 AS status, value->>3 AS attempts, value->>4 AS next_attempt_at,
              value->>5 AS granted_at, value->>6 AS failed_at, value->>7 AS last_error, value->>8 AS receipt
       FROM json_each(?)
     ) AS verdict
     WHERE rewards.campaign = verdict.campaign AND rewards.card = verdict.card AND +rewards.status = 'pending'`,
  ).bind(JSON.stringify(rows));
}
