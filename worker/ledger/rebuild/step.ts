import { archiveLedger } from "../../rewards/archive-outcomes.ts";
import { FIRST_HASH, hashNext, isWhole } from "../content-hash.ts";
import type { Ledger, Part } from "../ledgers.ts";
import { checkBlocks } from "./check-blocks.ts";
import { countCardsStatements } from "./count.ts";
import { fromIssuers } from "./from-issuers.ts";
import { fromLake } from "./from-lake.ts";
import { nextOutcomes } from "./outcomes.ts";
import { noteRewards, releaseStatements } from "./rewards-before.ts";
import type { Rebuild, RebuildCursor, RebuildSource } from "./under-way.ts";

/** Rows of each table that a step wipes, and cards that one counts: some tenths of a second, in which D1 answers nobody else. */
const ROWS_A_STEP = 10_000;

/** What one step does in its ledger, in one transaction with its being done. */
export interface StepPlan {
  readonly next: RebuildCursor;
  readonly statements: readonly D1PreparedStatement[];
  readonly cards?: number;
  readonly blocks?: number;
  readonly damaged?: number;
  readonly missing?: number;
  /** For operators. */
  readonly faults?: readonly string[];
}

export const FIRST_CURSOR: RebuildCursor = { phase: "hash", before: "wipe", at: FIRST_HASH };

/** The steps before the last, which makes the ledger whole again. */
type MiddleCursor = Exclude<RebuildCursor, { phase: "end" }>;

/** Plans the next step; reads, and changes nothing but what may be done twice. */
export async function planStep(env: Env, part: Part, rebuild: Rebuild, cursor: MiddleCursor, nowMs: number): Promise<StepPlan> {
  const { campaign, source } = rebuild;
  const { ledger } = part;
  switch (cursor.phase) {
    case "hash":
      return hashSome(ledger, campaign, cursor);
    case "archive": {
      await archiveLedger({ LEDGER: ledger.LEDGER, LAKE: env.LAKE });
      const after: RebuildCursor = cursor.before === "wipe" ? { phase: "wipe" } : { phase: "outcomes", after: "" };
      return { next: (await hasRows(ledger, ["lake_outbox"], campaign)) ? cursor : after, statements: [] };
    }
    case "wipe":
      return (await hasRows(ledger, Object.keys(WIPED), campaign))
        ? { next: cursor, statements: wipe(ledger, campaign) }
        : { next: firstOf(source, ledger), statements: [] };
    case "lake":
      return fromLake(env, part, campaign, cursor);
    case "issuers":
      return fromIssuers(env, part, campaign, cursor, nowMs);
    case "check":
      return checkBlocks(env, part, rebuild, cursor);
    case "outcomes":
      return nextOutcomes(env, part, campaign, cursor);
    case "count":
      return countNext(ledger, campaign, cursor.after);
    case "rewards":
      return releaseNext(ledger, campaign, cursor.after, nowMs);
    case "forget":
      return (await hasRows(ledger, ["rewards_before"], campaign))
        ? { next: cursor, statements: [wipeSome(ledger, "rewards_before", "campaign, card", campaign)] }
        : { next: { phase: "hash", before: "end", at: FIRST_HASH }, statements: [] };
  }
}

/** Nothing is settled from the beginning of a rebuild to its end: the first hash is of what the ledger said then, the second of what it says at its end. */
async function hashSome(env: Pick<Env, "LEDGER">, campaign: string, cursor: Extract<RebuildCursor, { phase: "hash" }>): Promise<StepPlan> {
  const at = await hashNext(env, campaign, cursor.at);
  if (!isWhole(at)) return { next: { ...cursor, at }, statements: [] };
  if (cursor.before === "end") return { next: { phase: "end", hash: at.hash }, statements: [] };
  const note = env.LEDGER.prepare("UPDATE ledger_rebuilds SET hash_before = ? WHERE campaign = ?").bind(at.hash, campaign);
  return { next: { phase: "archive", before: "wipe" }, statements: [note] };
}

function firstOf(source: RebuildSource, { nth }: Ledger): RebuildCursor {
  return source === "lake"
    ? { phase: "lake", after: "", silent: [], left: false, again: false }
    : { phase: "issuers", shard: nth, afterSeq: 0, first: null, again: false };
}

/** What is made again, by table and its key. Faults of the chain stay: an operator may have accepted some. */
const WIPED: Readonly<Record<string, string>> = {
  cards: "campaign, card",
  rewards: "campaign, card",
  blocks: "campaign, shard, block",
  minute_counters: "campaign, minute, type, prize",
  card_differences: "campaign, card",
};

async function hasRows({ LEDGER }: Pick<Env, "LEDGER">, tables: readonly string[], campaign: string): Promise<boolean> {
  const any = tables.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE campaign = ?1)`).join(" OR ");
  return (await LEDGER.prepare(`SELECT ${any} AS found`).bind(campaign).first<0 | 1>("found")) === 1;
}

/** Notes how the rewards are before they go. */
function wipe(env: Pick<Env, "LEDGER">, campaign: string): D1PreparedStatement[] {
  return [
    noteRewards(env, someOf("rewards", "campaign, card"), campaign, ROWS_A_STEP),
    ...Object.entries(WIPED).map(([table, key]) => wipeSome(env, table, key, campaign)),
  ];
}

function wipeSome({ LEDGER }: Pick<Env, "LEDGER">, table: string, key: string, campaign: string): D1PreparedStatement {
  return LEDGER.prepare(`DELETE FROM ${table} WHERE (${key}) IN (${someOf(table, key)})`).bind(campaign, ROWS_A_STEP);
}

/** Keys of some rows of the campaign `?1`, `?2` of them: the same whoever asks within a transaction. */
function someOf(table: string, key: string): string {
  return `SELECT ${key} FROM ${table} WHERE campaign = ?1 ORDER BY ${key} LIMIT ?2`;
}

async function countNext(env: Pick<Env, "LEDGER">, campaign: string, after: string): Promise<StepPlan> {
  const slice = await nextSlice(env, "cards", campaign, after);
  const counted: RebuildCursor = { phase: "rewards", after: "" };
  if (slice === null) return { next: counted, statements: [] };
  const next: RebuildCursor = slice.isLast ? counted : { phase: "count", after: slice.last };
  return { next, statements: countCardsStatements(env, campaign, after, slice.last) };
}

async function releaseNext(env: Pick<Env, "LEDGER">, campaign: string, after: string, nowMs: number): Promise<StepPlan> {
  const slice = await nextSlice(env, "rewards", campaign, after);
  if (slice === null) return { next: { phase: "forget" }, statements: [] };
  const next: RebuildCursor = slice.isLast ? { phase: "forget" } : { phase: "rewards", after: slice.last };
  return { next, statements: releaseStatements(env, campaign, { after, last: slice.last }, nowMs) };
}

/** The campaign's next rows; null where there are none. */
async function nextSlice(
  { LEDGER }: Pick<Env, "LEDGER">,
  table: "cards" | "rewards",
  campaign: string,
  after: string,
): Promise<{ readonly last: string; readonly isLast: boolean } | null> {
  const slice = await LEDGER.prepare(
    `SELECT max(card) AS last, count(*) AS rows FROM (SELECT card FROM ${table} WHERE campaign = ? AND card > ? ORDER BY card LIMIT ?)`,
  )
    .bind(campaign, after, ROWS_A_STEP)
    .first<{ last: string | null; rows: number }>();
  return slice === null || slice.last === null ? null : { last: slice.last, isLast: slice.rows < ROWS_A_STEP };
}
