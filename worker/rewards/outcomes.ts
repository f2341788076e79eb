import { and, eq, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { MADE_AGAIN_UNTIL_MS } from "../ledger/held-rewards.ts";
import { lakeOutbox, minuteCounters } from "../ledger/schema.ts";
import type { RewardRef } from "./message.ts";
import { rewardKeys } from "./reward-keys.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What became of a reward, as a line of NDJSON in the lake. The line of the highest version is how the card's reward stands: granted, failed, or, redriven,
 * pending. What Kuji hands over itself is granted with its redemption, and has no line but that event.
 */
export interface RewardOutcome {
  readonly type: "granted" | "failed" | "redriven";
  readonly at: number;
  readonly card: string;
  /** Counts up along the card's outcomes. Lines with the same card and version are the same line. */
  readonly version: number;
  readonly prize: string;
  readonly redrives: number;
  /** Since it was last redriven. */
  readonly attempts: number;
  readonly lastError: string | null;
  /** What the provider answered. */
  readonly receipt: unknown;
}

/** Lines of a campaign, of rows `r` of `rewards` as they are before the change. `line` gives each field in SQL. */
function linesOf(line: Readonly<Record<keyof RewardOutcome, string>>): string {
  const fields = Object.entries(line).map(([name, value]) => `'${name}', ${value}`);
  return `group_concat(json_object(${fields.join(", ")}) || char(10), '')`;
}

const OUTCOME_LINES = linesOf({
  type: "v.value->>2",
  at: "v.value->>3",
  card: "r.card",
  // Odd, for between the outcomes of two drives stands the redrive.
  version: "r.redrives * 2 + 1",
  prize: "r.prize",
  redrives: "r.redrives",
  attempts: "max(r.attempts, v.value->>4)",
  lastError: "coalesce(v.value->>5, r.last_error)",
  receipt: "json(v.value->>6)",
});

const REDRIVE_LINES = linesOf({
  type: "'redriven'",
  at: "now.at",
  card: "r.card",
  version: "r.redrives * 2 + 2",
  prize: "r.prize",
  redrives: "r.redrives + 1",
  attempts: "0",
  lastError: "r.last_error",
  receipt: "NULL",
});

/**
 * Statements that write down, for the lake and in the minute counters, which rewards are granted or failed by these verdicts. They stand before the
 * one that makes it so, in its transaction: what is no longer pending is left out. Those of a ledger that is being rebuilt are counted by the rebuild.
 */
export function recordOutcomes({ LEDGER }: Pick<Env, "LEDGER">, verdicts: readonly Verdict[], nowMs: number): D1PreparedStatement[] {
  const final = verdicts.filter(({ status }) => status !== "pending");
  if (final.length === 0) return [];
  const rows = JSON.stringify(
    final.map((v) => [v.campaign, v.card, v.status, v.grantedAt ?? v.failedAt, v.attempts, v.lastError, v.receipt]),
  );
  const pending =
    "FROM json_each(?1) AS v JOIN rewards AS r ON r.campaign = v.value->>0 AND r.card = v.value->>1 WHERE +r.status = 'pending'";
  return [
    LEDGER.prepare(
      `INSERT INTO lake_outbox (campaign, at, body) SELECT r.campaign, ?2, ${OUTCOME_LINES} ${pending} GROUP BY +r.campaign`,
    ).bind(rows, nowMs),
    LEDGER.prepare(
      `INSERT INTO minute_counters (campaign, minute, type, prize, count)
       SELECT r.campaign, (v.value->>3) / 60000 * 60000, 'reward_' || (v.value->>2), r.prize, count(*) ${pending}
         AND +r.next_attempt_at IS NOT ?2 GROUP BY 1, 2, 3, 4
       ON CONFLICT (campaign, minute, type, prize) DO UPDATE SET count = count + excluded.count`,
    ).bind(rows, MADE_AGAIN_UNTIL_MS),
  ];
}

/** The same for failed rewards that are redriven: they count as failed no more. */
export function recordRedrives(db: DrizzleD1Database, redriven: readonly RewardRef[], nowMs: number) {
  const failed = sql`
    FROM (SELECT CAST(${nowMs} AS INTEGER) AS at) AS now
    JOIN rewards AS r ON (r.campaign, r.card) IN ${rewardKeys(redriven)} AND +r.status = 'failed'`;
  const gone = sql`(SELECT r.campaign, r.failed_at / 60000 * 60000 AS minute, r.prize, count(*) AS count ${failed} GROUP BY 1, 2, 3) AS gone`;
  const { campaign, minute, type, prize, count } = minuteCounters;
  return [
    db
      .insert(lakeOutbox)
      .select(sql`SELECT NULL AS entry, r.campaign, now.at, ${sql.raw(REDRIVE_LINES)} AS body ${failed} GROUP BY +r.campaign`),
    db
      .update(minuteCounters)
      .set({ count: sql`${count} - gone.count` })
      .from(gone)
      .where(and(eq(type, "reward_failed"), eq(campaign, sql`gone.campaign`), eq(minute, sql`gone.minute`), eq(prize, sql`gone.prize`))),
  ] as const;
}
