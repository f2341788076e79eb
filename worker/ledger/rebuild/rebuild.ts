import { and, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { errorText } from "../../error-text.ts";
import { boundLedgers, inEach, ledgersOf } from "../ledgers.ts";
import type { Ledger, Part } from "../ledgers.ts";
import { ledgerRebuilds } from "../schema.ts";
import { Unanswered } from "./ask-issuer.ts";
import { endPart, endRebuild, MAX_FAULTS_KEPT } from "./end.ts";
import { FIRST_CURSOR, planStep } from "./step.ts";
import type { StepPlan } from "./step.ts";
import { abandonedRebuilds, lastRebuild, rebuildOf } from "./under-way.ts";
import type { EndedRebuild, Rebuild, RebuildCursor, RebuildSource } from "./under-way.ts";

/** One call goes on for so long, and tells how far it has come. */
const CALL_MS = 5_000;
/** A rebuild that nobody has gone on with for so long was left; the schedule ends it. */
const LEFT_AFTER_MS = 120_000;
/** In a run of the schedule, which comes each minute. */
const RUN_MS = 30_000;

/** Begins a rebuild; of two at once, one fails. From here on no block of the campaign is settled until it is done. */
export function beginStatement(
  db: DrizzleD1Database,
  order: { readonly campaign: string; readonly source: RebuildSource; readonly begunBy: string | null },
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

/**
 * Goes on with a campaign's rebuild for a while, or until it has to wait; gives how it stands, or null when it is done. Each of the campaign's ledgers is rebuilt by
 * itself, from its own shards, and has its own row and its own steps; the register's row stands for the campaign, and is the last to end.
 */
export async function goOnRebuilding(env: Env, campaign: string, forMs = CALL_MS): Promise<Standing | null> {
  const untilMs = Date.now() + forMs;
  const [first, ...others] = await ledgersOf(env, campaign);
  const ledgers = others.length + 1;
  const rebuild = await rebuildOf(first, campaign);
  if (rebuild === null) return null;
  const waiting: string[] = [];
  const failures: unknown[] = [];
  for (const ledger of others) {
    try {
      if (!(await join(ledger, rebuild))) waiting.push(...(await goOnIn(env, { ledger, ledgers }, campaign, untilMs)));
    } catch (error) {
      failures.push(error);
    }
  }
  waiting.push(...(await goOnIn(env, { ledger: first, ledgers }, campaign, untilMs)));
  if (failures.length > 0) throw failures[0];
  const standing = await rebuildOf(first, campaign);
  const [waitsFor] = waiting;
  return standing === null || waitsFor === undefined ? standing : { ...standing, waitsFor };
}

/** Begins what of a campaign's rebuild is a further ledger's, unless that is begun; one that was told to go on from another source does so. Tells whether it has ended. */
async function join({ LEDGER }: Ledger, { campaign, source, startedAt, begunBy }: Rebuild): Promise<boolean> {
  const db = drizzle(LEDGER);
  const own = await lastRebuild({ LEDGER }, campaign);
  if (own?.status === "under_way") {
    if (own.source !== source) await redirectStatement(db, own, source, Date.now());
    return false;
  }
  if (own?.startedAt === startedAt) return true;
  await beginStatement(db, { campaign, source, begunBy }, startedAt).onConflictDoNothing();
  return false;
}

/** Goes on in one ledger, until it is rebuilt there. Gives for whom it has to wait. */
async function goOnIn(env: Env, part: Part, campaign: string, untilMs: number): Promise<string[]> {
  let rebuild = await rebuildOf(part.ledger, campaign);
  while (rebuild !== null && Date.now() < untilMs) {
    try {
      await takeStep(env, part, rebuild);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      console.error(
        JSON.stringify({ message: "a rebuild of a ledger waits", campaign, for: error.message, error: errorText(error.cause) }),
      );
      return [error.message];
    }
    const wasAtEnd = rebuild.cursor.phase === "end";
    rebuild = await rebuildOf(part.ledger, campaign);
    // The register waits there for the others.
    if (wasAtEnd && rebuild?.cursor.phase === "end") return [];
  }
  return [];
}

/** Takes the next step in one ledger, or none where somebody else has taken it. The register's last one is not taken before the others have ended. */
export async function takeStep(env: Env, part: Part, rebuild: Rebuild, nowMs: number = Date.now()): Promise<void> {
  const { campaign, startedAt, step, cursor } = rebuild;
  try {
    if (cursor.phase !== "end") await apply(part.ledger, rebuild, await planStep(env, part, rebuild, cursor, nowMs), nowMs);
    else if (part.ledger.nth !== 0) await endPart(part, rebuild, cursor.hash, nowMs);
    else {
      const further = await endedParts(env, rebuild, part.ledgers);
      if (further !== null) await endRebuild(part.ledger, rebuild, further, cursor.hash, nowMs);
    }
  } catch (error) {
    const now = await rebuildOf(part.ledger, campaign);
    if (now?.startedAt === startedAt && now.step === step) throw error;
  }
}

/** What came of a rebuild in the campaign's further ledgers; null while it goes on in one. */
async function endedParts(env: Env, { campaign, startedAt }: Rebuild, ledgers: number): Promise<EndedRebuild[] | null> {
  const parts = await inEach(boundLedgers(env).slice(1, ledgers), async (ledger) => lastRebuild(ledger, campaign));
  const ended = parts.flatMap((part) => (part?.status === "ended" && part.startedAt === startedAt ? [part] : []));
  return ended.length === parts.length ? ended : null;
}

/** How far a campaign's rebuild is in all of its ledgers. */
export async function progressOf(env: Env, rebuild: Rebuild): Promise<Pick<Rebuild, "cards" | "blocks">> {
  const { campaign, startedAt } = rebuild;
  const [, ...others] = await ledgersOf(env, campaign);
  const parts = await inEach(others, async (ledger) => lastRebuild(ledger, campaign));
  const own = parts.filter((part) => part?.startedAt === startedAt);
  const sum = (of: "cards" | "blocks") => own.reduce((total, part) => total + (part?.[of] ?? 0), rebuild[of]);
  return { cards: sum("cards"), blocks: sum("blocks") };
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
