import { archiveOutcomes } from "../../rewards/archive-outcomes.ts";
import { countCardsStatements, countRewardsStatements } from "./count.ts";
import { fromIssuers } from "./from-issuers.ts";
import { fromLake } from "./from-lake.ts";
import { releaseRewards } from "./held-rewards.ts";
import { nextOutcomes } from "./outcomes.ts";
import type { Rebuild, RebuildCursor, RebuildSource } from "./under-way.ts";

/** Rows of each table that a step wipes, and cards that one counts: some tenths of a second, in which D1 answers nobody else. */
const ROWS_A_STEP = 10_000;

/** What one step does, in one transaction with its being done. */
export interface StepPlan {
  /** Null: the ledger is whole again. */
  readonly next: RebuildCursor | null;
  readonly statements: readonly D1PreparedStatement[];
  readonly cards?: number;
  readonly blocks?: number;
  readonly damaged?: number;
}

export const FIRST_CURSOR: RebuildCursor = { phase: "archive", before: "wipe" };

/** Plans the next step; reads, and changes nothing but what may be done twice. */
export async function planStep(env: Env, { campaign, source, cursor }: Rebuild, nowMs: number): Promise<StepPlan> {
  switch (cursor.phase) {
    case "archive": {
      await archiveOutcomes(env);
      const after: RebuildCursor = cursor.before === "wipe" ? { phase: "wipe" } : { phase: "outcomes", after: "" };
      return { next: (await hasRows(env, ["lake_outbox"], campaign)) ? cursor : after, statements: [] };
    }
    case "wipe":
      return (await hasRows(env, Object.keys(WIPED), campaign))
        ? { next: cursor, statements: wipe(env, campaign) }
        : { next: firstOf(source), statements: [] };
    case "lake":
      return fromLake(env, campaign, cursor);
    case "issuers":
      return fromIssuers(env, campaign, cursor, nowMs);
    case "outcomes":
      return nextOutcomes(env, campaign, cursor);
    case "count":
      return countNext(env, campaign, cursor.after);
    case "end":
      return { next: null, statements: [...countRewardsStatements(env, campaign), releaseRewards(env, campaign, nowMs)] };
  }
}

function firstOf(source: RebuildSource): RebuildCursor {
  return source === "lake" ? { phase: "lake", after: "" } : { phase: "issuers", shard: 0, afterSeq: 0, first: null };
}

/** What is made again, by table and its key. Faults of the chain stay: an operator may have accepted some. */
const WIPED: Readonly<Record<string, string>> = {
  cards: "card",
  rewards: "card",
  blocks: "campaign, shard, block",
  minute_counters: "campaign, minute, type, prize",
  card_differences: "campaign, card",
};

async function hasRows({ LEDGER }: Pick<Env, "LEDGER">, tables: readonly string[], campaign: string): Promise<boolean> {
  const any = tables.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE campaign = ?1)`).join(" OR ");
  return (await LEDGER.prepare(`SELECT ${any} AS found`).bind(campaign).first<0 | 1>("found")) === 1;
}

function wipe({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): D1PreparedStatement[] {
  return Object.entries(WIPED).map(([table, key]) =>
    LEDGER.prepare(`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE campaign = ? LIMIT ?)`).bind(
      campaign,
      ROWS_A_STEP,
    ),
  );
}

async function countNext(env: Pick<Env, "LEDGER">, campaign: string, after: string): Promise<StepPlan> {
  const last = await env.LEDGER.prepare(
    "SELECT max(card) AS last FROM (SELECT card FROM cards WHERE card > ? AND campaign = ? ORDER BY card LIMIT ?)",
  )
    .bind(after, campaign, ROWS_A_STEP)
    .first<string>("last");
  if (last === null) return { next: { phase: "end" }, statements: [] };
  return { next: { phase: "count", after: last }, statements: countCardsStatements(env, campaign, after, last) };
}
