import { and, count, eq, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { writeAudited } from "../../admin/audit.ts";
import { countHeld } from "../held-rewards.ts";
import { blocks, cards, ledgerRebuildResults, ledgerRebuilds } from "../schema.ts";
import type { Rebuild } from "./under-way.ts";

/** Of one that was begun when it was not kept by whom. */
const UNKNOWN_OPERATOR = "unknown";

/**
 * Takes the last step, in one transaction with its audit entry: keeps what came of it, and lets blocks be settled again. `hashAfter`: of what the ledger says.
 * Rejects where somebody else has taken the step.
 */
export async function endRebuild(env: Env, rebuild: Rebuild, hashAfter: string, nowMs: number): Promise<void> {
  const { campaign, source, hashBefore, damaged, missing, faults, begunBy } = rebuild;
  const held = await countHeld(env, campaign);
  if (held + faults.length > 0)
    console.error(JSON.stringify({ message: "a ledger was rebuilt, and not all is known", campaign, held, faults }));
  await writeAudited(
    env.LEDGER,
    async (db) => ({
      act: {
        actor: begunBy ?? UNKNOWN_OPERATOR,
        action: "ledger.rebuilt",
        subject: campaign,
        before: { hash: hashBefore },
        after: { hash: hashAfter, from: source, damaged, missing, held },
      },
      statements: keepResult(db, rebuild, { hashAfter, held }, nowMs),
      result: undefined,
    }),
    nowMs,
  );
}

function keepResult(
  db: DrizzleD1Database,
  { campaign, source, startedAt, step, damaged, missing, faults, hashBefore }: Rebuild,
  end: { readonly hashAfter: string; readonly held: number },
  nowMs: number,
) {
  const isStill = and(eq(ledgerRebuilds.campaign, campaign), eq(ledgerRebuilds.startedAt, startedAt), eq(ledgerRebuilds.step, step));
  const result = {
    source,
    startedAt,
    // Null where the step was taken, and so an error that ends the transaction.
    endedAt: sql`(SELECT CAST(${nowMs} AS INTEGER) FROM ${ledgerRebuilds} WHERE ${isStill})`,
    cards: sql`(${db.select({ cards: count() }).from(cards).where(eq(cards.campaign, campaign))})`,
    blocks: sql`(${db.select({ blocks: count() }).from(blocks).where(eq(blocks.campaign, campaign))})`,
    damaged,
    missing,
    faults: JSON.stringify(faults),
    hashBefore,
    ...end,
  };
  return [
    db
      .insert(ledgerRebuildResults)
      .values({ campaign, ...result })
      .onConflictDoUpdate({ target: ledgerRebuildResults.campaign, set: result }),
    db.delete(ledgerRebuilds).where(eq(ledgerRebuilds.campaign, campaign)),
  ] as const;
}
