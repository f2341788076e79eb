import { errorText } from "../../error-text.ts";
import type { ProviderReport } from "./compare-providers.ts";
import { rebuiltNow, wasRebuiltSince } from "../rebuild/under-way.ts";
import { forgetMended, keepUnasked, recordDifferences } from "./differences.ts";
import { FIRST_STEP, reconcileCursorSchema, reconcileStep } from "./step.ts";
import type { ReconcileCursor, ReconcileStep } from "./step.ts";

/** In a run, up to fifty thousand cards. */
const STEPS_A_RUN = 10;
/** In a run, so many pages are asked of reward providers: they are there to grant, and five thousand grants a minute are looked through soon enough. */
const PROVIDER_PAGES_A_RUN = 5;
/** A campaign whose end is longer ago has been looked at many times: nothing of it changes any more. */
const LATELY_MS = 30 * 86_400_000;

interface Turn {
  readonly campaign: string;
  readonly cursor: ReconcileCursor;
  readonly startedAt: number;
}

/**
 * Holds issuers, ledger and reward providers against each other, campaign after campaign, of those that run or have ended lately; each once in a run at most. Where
 * it stopped is kept in D1. What differs is logged and kept until a round finds it mended; a provider that cannot be asked is asked again in the next round.
 */
export async function reconcileInTurn(env: Env, nowMs: number = Date.now()): Promise<void> {
  let turn = (await readTurn(env)) ?? (await nextTurn(env, "", nowMs));
  for (let steps = 0, asked = 0; turn !== null && steps < STEPS_A_RUN && asked < PROVIDER_PAGES_A_RUN; steps++) {
    const done = await goOn(env, turn, nowMs);
    ({ turn } = done);
    if (done.hasAsked) asked += 1;
  }
}

/** One step, and whose turn it is after it. A campaign that cannot be looked at now keeps no other waiting; nothing of it is taken for mended. */
async function goOn(
  env: Env,
  { campaign, cursor, startedAt }: Turn,
  nowMs: number,
): Promise<{ readonly turn: Turn | null; readonly hasAsked: boolean }> {
  let step: ReconcileStep | null = null;
  const beganMs = Date.now();
  try {
    if ((await rebuiltNow(env, [campaign])).size > 0) return { turn: await handOn(env, campaign, nowMs), hasAsked: false };
    step = await reconcileStep(env, campaign, await shardsOf(env, campaign), cursor);
    // One that began meanwhile has wiped what the step looked for.
    if (await wasRebuiltSince(env, campaign, beganMs)) return { turn: await handOn(env, campaign, nowMs), hasAsked: hasAsked(step) };
    await recordDifferences(env, campaign, step.differences, startedAt, nowMs);
    if (step.provider?.status === "unasked") await noteUnasked(env, campaign, step.provider, startedAt);
  } catch (error) {
    console.error(JSON.stringify({ message: "a campaign was not reconciled to its end", campaign, error: errorText(error) }));
  }
  const isWhole = step !== null && step.next === null;
  const turn = step === null || step.next === null ? await nextTurn(env, campaign, nowMs) : { campaign, cursor: step.next, startedAt };
  await env.LEDGER.batch([saveTurn(env, turn), ...(isWhole ? [forgetMended(env, campaign, startedAt)] : [])]);
  return { turn, hasAsked: step !== null && hasAsked(step) };
}

function hasAsked({ provider }: ReconcileStep): boolean {
  return provider !== undefined && provider.status !== "unlisted";
}

/** Leaves a campaign whose ledger is being rebuilt: nothing of it is as it should be yet. */
async function handOn(env: Pick<Env, "LEDGER">, campaign: string, nowMs: number): Promise<Turn | null> {
  const turn = await nextTurn(env, campaign, nowMs);
  await saveTurn(env, turn).run();
  return turn;
}

async function noteUnasked(
  env: Pick<Env, "LEDGER">,
  campaign: string,
  { provider, reason }: Extract<ProviderReport, { status: "unasked" }>,
  startedAt: number,
): Promise<void> {
  console.warn(JSON.stringify({ message: "a reward provider could not be asked what it has granted", campaign, provider, reason }));
  await keepUnasked(env, campaign, provider, startedAt);
}

async function readTurn({ LEDGER }: Pick<Env, "LEDGER">): Promise<Turn | null> {
  const query = "SELECT campaign, cursor, started_at AS startedAt FROM reconcile_cursor";
  const row = await LEDGER.prepare(query).first<Omit<Turn, "cursor"> & { readonly cursor: string }>();
  if (row === null) return null;
  const cursor = reconcileCursorSchema.safeParse(JSON.parse(row.cursor));
  return { ...row, cursor: cursor.data ?? FIRST_STEP };
}

function saveTurn({ LEDGER }: Pick<Env, "LEDGER">, turn: Turn | null): D1PreparedStatement {
  if (turn === null) return LEDGER.prepare("DELETE FROM reconcile_cursor");
  return LEDGER.prepare("INSERT OR REPLACE INTO reconcile_cursor (id, campaign, cursor, started_at) VALUES (0, ?, ?, ?)").bind(
    turn.campaign,
    JSON.stringify(turn.cursor),
    turn.startedAt,
  );
}

async function shardsOf({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): Promise<number> {
  return (await LEDGER.prepare("SELECT shards FROM campaigns WHERE campaign = ?").bind(campaign).first<number>("shards")) ?? 0;
}

/** The campaign whose turn it is after this one; null after the last: the next run begins with the first. */
async function nextTurn({ LEDGER }: Pick<Env, "LEDGER">, after: string, nowMs: number): Promise<Turn | null> {
  const row = await LEDGER.prepare(
    `SELECT campaign FROM campaigns
     WHERE campaign > ?1 AND campaign NOT IN (SELECT campaign FROM ledger_rebuilds) AND (status IN ('open', 'paused') OR (status = 'closed' AND json_extract(file, '$.endsAt') > ?2))
     ORDER BY campaign LIMIT 1`,
  )
    .bind(after, new Date(nowMs - LATELY_MS).toISOString())
    .first<{ campaign: string }>();
  return row === null ? null : { campaign: row.campaign, cursor: FIRST_STEP, startedAt: nowMs };
}
