import { and, eq } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { SWEEP_AFTER_MS } from "../../rewards/sweep.ts";
import { rewards } from "../schema.ts";

/** While a ledger is rebuilt, rewards are due at the end of time: no provider is asked for one of which the lake has yet to tell that it was granted. */
export const HELD_UNTIL_MS = Date.UTC(9999, 0, 1);

/** Makes those due that are pending after all, and as overdue as the sweep wants them, which sends them to the agent. */
export function releaseStatement(db: DrizzleD1Database, campaign: string, nowMs: number) {
  return db
    .update(rewards)
    .set({ nextAttemptAt: nowMs - SWEEP_AFTER_MS })
    .where(and(eq(rewards.campaign, campaign), eq(rewards.status, "pending"), eq(rewards.nextAttemptAt, HELD_UNTIL_MS)));
}
