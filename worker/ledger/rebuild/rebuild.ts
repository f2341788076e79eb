import { and, eq, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { errorText } from "../../error-text.ts";
import { ledgerRebuilds } from "../schema.ts";
import { Unanswered } from "./ask-issuer.ts";
import { endRebuild } from "./end.ts";
import { FIRST_CURSOR, planStep } from "./step.ts";
import type { StepPlan } from "./step.ts";
import { abandonedRebuilds, rebuildOf } from "./under-way.ts";
import type { Rebuild, RebuildCursor, RebuildSource } from "./under-way.ts";

/** One call goes on for so long, and tells how far it has come. */
const CALL_MS = 5_000;
/** A rebuild that nobody has gone on with for so long was left; the schedule ends it. */
const LEFT_AFTER_MS = 120_000;
/** Faults that are told one by one; of more, the number. */
const MAX_FAULTS_KEPT = 50;
/** In a run of the schedule, which comes each minute. */
const RUN_MS = 30_000;

/** Begins a rebuild; of two at once, one fails. From here on no block of the campaign is settled until it is done. */
export function beginStatement(
  db: DrizzleD1Database,
  order: { readonly campaign: string; readonly source: RebuildSource; readonly begunBy: string },
  nowMs: number,
) {
  return db.insert(ledgerRebuilds).values({
    ...order,
    startedAt: nowMs,
    step: 0,
    steppedAt: nowMs,
    cursor: JSON.stringify(FIRST_CURSOR),
    cards: 0,
    blocks: 0,
    damaged: 0,
    hashBefore: "",
  });
}

/** A rebuild, and, where its next step has to wait, what for. */
export type Standing = Rebuild & { readonly waitsFor?: string };

/**
 * Has a rebuild that is under way go on from another source: what it has made again is wiped. Where nothing was wiped yet, the first hash stays to be read. It is not
 * given up, for its ledger is not whole.
 */
export function redirectStatement(db: DrizzleD1Database, { campaign, startedAt }: Rebuild, source: RebuildSource, nowMs: number) {
  const { cursor } = ledgerRebuilds;
  const wipeAgain: RebuildCursor = { phase: "archive", before: "wipe" };
  return db
    .update(ledgerRebuilds)
    .set({
      source,
      step: sql`${ledgerRebuilds.step} + 1`,
      steppedAt: nowMs,
      cursor: sql`CASE WHEN ${cursor} ->> 'before' = 'wipe' THEN ${cursor} ELSE ${JSON.stringify(wipeAgain)} END`,
      cards: 0,
      blocks: 0,
      damaged: 0,
      missing: 0,
      faults: "[]",
    })
    .where(and(eq(ledgerRebuilds.campaign, campaign), eq(ledgerRebuilds.startedAt, startedAt)));
}

/** Goes on with a rebuild for a while, or until it has to wait; gives how it stands, or null when it is done. */
export async function goOnRebuilding(env: Env, campaign: string, forMs = CALL_MS): Promise<Standing | null> {
  const untilMs = Date.now() + forMs;
  let rebuild = await rebuildOf(env, campaign);
  while (rebuild !== null && Date.now() < untilMs) {
    try {
      await takeStep(env, rebuild);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      console.error(
        JSON.stringify({ message: "a rebuild of a ledger waits", campaign, for: error.message, error: errorText(error.cause) }),
      );
      return { ...rebuild, waitsFor: error.message };
    }
    rebuild = await rebuildOf(env, campaign);
  }
  return rebuild;
}

/** Takes the next step, or none where somebody else has taken it. */
export async function takeStep(env: Env, rebuild: Rebuild, nowMs: number = Date.now()): Promise<void> {
  const { campaign, startedAt, step, cursor } = rebuild;
  try {
    if (cursor.phase === "end") await endRebuild(env, rebuild, cursor.hash, nowMs);
    else await apply(env, rebuild, await planStep(env, rebuild, cursor, nowMs), nowMs);
  } catch (error) {
    const now = await rebuildOf(env, campaign);
    if (now?.startedAt === startedAt && now.step === step) throw error;
  }
}

async function apply({ LEDGER }: Pick<Env, "LEDGER">, rebuild: Rebuild, plan: StepPlan, nowMs: number): Promise<void> {
  const { campaign, startedAt, step } = rebuild;
  const { next, statements, cards = 0, blocks = 0, damaged = 0, missing = 0 } = plan;
  const faults = [...rebuild.faults, ...(plan.faults ?? [])].slice(0, MAX_FAULTS_KEPT);
  const isStill = LEDGER.prepare(
    // Malformed JSON, and so an error that ends the transaction.
    `SELECT json(CASE WHEN EXISTS (SELECT 1 FROM ledger_rebuilds WHERE campaign = ? AND started_at = ? AND step = ?) THEN '1' ELSE 'taken' END)`,
  ).bind(campaign, startedAt, step);
  const advance = LEDGER.prepare(
    `UPDATE ledger_rebuilds SET step = step + 1, stepped_at = ?2, cursor = ?3, cards = cards + ?4, blocks = blocks + ?5, damaged = damaged + ?6,
       missing = missing + ?7, faults = ?8
     WHERE campaign = ?1`,
  ).bind(campaign, nowMs, JSON.stringify(next), cards, blocks, damaged, missing, JSON.stringify(faults));
  await LEDGER.batch([isStill, ...statements, advance]);
}

/** Ends rebuilds that were begun and left. */
export async function endLeftRebuilds(env: Env, nowMs: number = Date.now()): Promise<void> {
  for (const campaign of await abandonedRebuilds(env, nowMs - LEFT_AFTER_MS)) {
    try {
      if ((await goOnRebuilding(env, campaign, RUN_MS)) === null) {
        console.warn(JSON.stringify({ message: "a rebuild of a ledger that was left is done", campaign }));
      }
    } catch (error) {
      console.error(JSON.stringify({ message: "a rebuild of a ledger does not go on", campaign, error: errorText(error) }));
    }
  }
}
