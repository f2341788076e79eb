import { z } from "zod";
import { hashCursorSchema } from "../content-hash.ts";
import type { ledgerRebuildResults, ledgerRebuilds } from "../schema.ts";

type RebuildRow = typeof ledgerRebuilds.$inferSelect;

/** What a ledger is made of again. */
export type RebuildSource = RebuildRow["source"];

/** What the next step does. Each step is one transaction, so that one that died half-way is done anew. */
export const rebuildCursorSchema = z.discriminatedUnion("phase", [
  /** What the ledger says is hashed: before it is wiped, and at last. */
  z.strictObject({ phase: z.literal("hash"), before: z.enum(["wipe", "end"]), at: hashCursorSchema }),
  /** Outcomes of rewards that the lake does not have yet are brought there: before the wiping, and before they are read. */
  z.strictObject({ phase: z.literal("archive"), before: z.enum(["wipe", "outcomes"]) }),
  z.strictObject({ phase: z.literal("wipe") }),
  /** The lake's blocks, in the order of their keys. */
  z.strictObject({
    phase: z.literal("lake"),
    after: z.string(),
    /** Shards whose issuers do not answer: what the lake has of them is taken. */
    silent: z.array(z.int()).default([]),
    /** Whether blocks were left to their issuers. */
    left: z.boolean().default(false),
    /** The second time, for such as were confirmed to their issuers after all. */
    again: z.boolean().default(false),
  }),
  /** The issuers' cards, shard by shard. `lastBlock` and `kept`: as the shard's first page told them; null before it. `again`: this shard alone, once more. */
  z.strictObject({
    phase: z.literal("issuers"),
    shard: z.int().min(0),
    afterSeq: z.int().min(0),
    first: z.strictObject({ lastBlock: z.int().min(0), kept: z.array(z.int()) }).nullable(),
    again: z.boolean().default(false),
  }),
  /** Shard by shard, whether the ledger has each block that its issuer does not keep any more. */
  z.strictObject({ phase: z.literal("check"), shard: z.int().min(0), mayReadAgain: z.boolean() }),
  /** What became of rewards, from the lake. */
  z.strictObject({ phase: z.literal("outcomes"), after: z.string() }),
  /** The cards are counted by minute and prize, in the order of their ids. */
  z.strictObject({ phase: z.literal("count"), after: z.string() }),
  /** The same of the rewards; and each that is pending is due, or held. */
  z.strictObject({ phase: z.literal("rewards"), after: z.string() }),
  /** What was noted of the rewards before the wiping is dropped. */
  z.strictObject({ phase: z.literal("forget") }),
  /** `hash`: of what the ledger says now. */
  z.strictObject({ phase: z.literal("end"), hash: z.string() }),
]);

export type RebuildCursor = z.output<typeof rebuildCursorSchema>;

/** One that is under way. */
export interface Rebuild extends Omit<RebuildRow, "cursor" | "faults"> {
  readonly status: "under_way";
  readonly cursor: RebuildCursor;
  readonly faults: readonly string[];
}

/** One that has ended. */
export interface EndedRebuild extends Omit<typeof ledgerRebuildResults.$inferSelect, "faults"> {
  readonly status: "ended";
  readonly faults: readonly string[];
}

const faultsSchema = z.array(z.string());

const COLUMNS = `campaign, source, started_at AS startedAt, step, stepped_at AS steppedAt, cursor, cards, blocks, damaged, missing, faults, hash_before AS hashBefore,
  begun_by AS begunBy`;

const RESULT_COLUMNS = `campaign, source, started_at AS startedAt, ended_at AS endedAt, cards, blocks, damaged, missing, held, faults,
  hash_before AS hashBefore, hash_after AS hashAfter`;

/** Asks which of the campaigns have a ledger that is being rebuilt: a row each. */
export function rebuiltStatement({ LEDGER }: Pick<Env, "LEDGER">, campaigns: readonly string[]): D1PreparedStatement {
  return LEDGER.prepare("SELECT campaign FROM ledger_rebuilds WHERE campaign IN (SELECT value FROM json_each(?))").bind(
    JSON.stringify([...new Set(campaigns)]),
  );
}

/** Those of the campaigns whose ledger is being rebuilt. */
export async function rebuiltNow(env: Pick<Env, "LEDGER">, campaigns: readonly string[]): Promise<ReadonlySet<string>> {
  if (campaigns.length === 0) return new Set();
  const { results } = await rebuiltStatement(env, campaigns).all<{ campaign: string }>();
  return new Set(results.map(({ campaign }) => campaign));
}

/** The rebuild of this campaign's ledger that is under way, if one is. */
export async function rebuildOf({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): Promise<Rebuild | null> {
  const row = await LEDGER.prepare(`SELECT ${COLUMNS} FROM ledger_rebuilds WHERE campaign = ?`).bind(campaign).first<RebuildRow>();
  if (row === null) return null;
  const cursor = rebuildCursorSchema.parse(JSON.parse(row.cursor));
  return { ...row, status: "under_way", cursor, faults: faultsSchema.parse(JSON.parse(row.faults)) };
}

/** The last rebuild of this campaign's ledger: the one under way, or else what came of the last that has ended; null: there was none. */
export async function lastRebuild(env: Pick<Env, "LEDGER">, campaign: string): Promise<Rebuild | EndedRebuild | null> {
  const underWay = await rebuildOf(env, campaign);
  if (underWay !== null) return underWay;
  const row = await env.LEDGER.prepare(`SELECT ${RESULT_COLUMNS} FROM ledger_rebuild_results WHERE campaign = ?`)
    .bind(campaign)
    .first<typeof ledgerRebuildResults.$inferSelect>();
  return row === null ? null : { ...row, status: "ended", faults: faultsSchema.parse(JSON.parse(row.faults)) };
}

/** Whether this campaign's ledger is being rebuilt, or was after `sinceMs`: what was read of it since may be a part of it. */
export async function wasRebuiltSince(env: Pick<Env, "LEDGER">, campaign: string, sinceMs: number): Promise<boolean> {
  const last = await lastRebuild(env, campaign);
  return last !== null && (last.status === "under_way" || last.endedAt >= sinceMs);
}

/** Campaigns whose rebuild nobody has gone on with since `beforeMs`. */
export async function abandonedRebuilds({ LEDGER }: Pick<Env, "LEDGER">, beforeMs: number): Promise<string[]> {
  const { results } = await LEDGER.prepare("SELECT campaign FROM ledger_rebuilds WHERE stepped_at < ? ORDER BY stepped_at")
    .bind(beforeMs)
    .all<{ campaign: string }>();
  return results.map(({ campaign }) => campaign);
}
