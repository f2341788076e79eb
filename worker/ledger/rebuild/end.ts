import { and, count, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { writeAudited } from "../../admin/audit.ts";
import { hashOfAll } from "../content-hash.ts";
import { countHeld } from "../held-rewards.ts";
import type { Part } from "../ledgers.ts";
import { blocks, cards, ledgerRebuildResults, ledgerRebuilds } from "../schema.ts";
import type { EndedRebuild, Rebuild } from "./under-way.ts";

/** Faults that are told one by one; of more, the number. */
export const MAX_FAULTS_KEPT = 50;

/** Of one that was begun when it was not kept by whom. */
const UNKNOWN_OPERATOR = "unknown";

/**
 * Takes the last step of a further ledger: keeps what came of it, and lets its blocks be settled again. `hashAfter`: of what the ledger says. Rejects where
 * somebody else has taken the step.
 */
export async function endPart({ ledger }: Part, rebuild: Rebuild, hashAfter: string, nowMs: number): Promise<void> {
  const held = await countHeld(ledger, rebuild.campaign);
  const db = drizzle(ledger.LEDGER);
  await db.batch(keepResult(db, rebuild, { hashAfter, held, cards: 0, blocks: 0 }, nowMs));
}

/**
 * Takes the last step of all, the register's, in one transaction with the audit entry: keeps what came of the campaign's rebuild, with what came of it in its further
 * ledgers, which have ended.
 */
export async function endRebuild(
  { LEDGER }: Pick<Env, "LEDGER">,
  own: Rebuild,
  further: readonly EndedRebuild[],
  ownHash: string,
  nowMs: number,
): Promise<void> {
  const sum = (of: "cards" | "blocks" | "damaged" | "missing" | "held") => further.reduce((total, part) => total + part[of], 0);
  const rebuild: Rebuild = {
    ...own,
    hashBefore: hashOfAll([own.hashBefore, ...further.map((part) => part.hashBefore)]),
    damaged: own.damaged + sum("damaged"),
    missing: own.missing + sum("missing"),
    faults: [...own.faults, ...further.flatMap((part) => part.faults)].slice(0, MAX_FAULTS_KEPT),
  };
  const hashAfter = hashOfAll([ownHash, ...further.map((part) => part.hashAfter)]);
  const { campaign, source, hashBefore, damaged, missing, faults, begunBy } = rebuild;
  const held = (await countHeld({ LEDGER }, campaign)) + sum("held");
  if (held + faults.length > 0)
    console.error(JSON.stringify({ message: "a ledger was rebuilt, and not all is known", campaign, held, faults }));
  await writeAudited(
    LEDGER,
    async (db) => ({
      act: {
        actor: begunBy ?? UNKNOWN_OPERATOR,
        action: "ledger.rebuilt",
        subject: campaign,
        before: { hash: hashBefore },
        after: { hash: hashAfter, from: source, damaged, missing, held },
      },
      statements: keepResult(db, rebuild, { hashAfter, held, cards: sum("cards"), blocks: sum("blocks") }, nowMs),
      result: undefined,
    }),
    nowMs,
  );
}

function keepResult(
  db: DrizzleD1Database,
  { campaign, source, startedAt, step, damaged, missing, faults, hashBefore }: Rebuild,
  { cards: otherCards, blocks: otherBlocks, ...end }: Pick<EndedRebuild, "hashAfter" | "held" | "cards" | "blocks">,
  nowMs: number,
) {
  const isStill = and(eq(ledgerRebuilds.campaign, campaign), eq(ledgerRebuilds.startedAt, startedAt), eq(ledgerRebuilds.step, step));
  const result = {
    source,
    startedAt,
    // Null where the step was taken, and so an error that ends the transaction.
    endedAt: sql`(SELECT CAST(${nowMs} AS INTEGER) FROM ${ledgerRebuilds} WHERE ${isStill})`,
    cards: sql`(${db.select({ cards: count() }).from(cards).where(eq(cards.campaign, campaign))}) + ${otherCards}`,
    blocks: sql`(${db.select({ blocks: count() }).from(blocks).where(eq(blocks.campaign, campaign))}) + ${otherBlocks}`,
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
