import { z } from "zod";
import type { ledgerRebuilds } from "../schema.ts";

type RebuildRow = typeof ledgerRebuilds.$inferSelect;

/** What a ledger is made of again. */
export type RebuildSource = RebuildRow["source"];

/** What the next step does. Each step is one transaction, so that one that died half-way is done anew. */
export const rebuildCursorSchema = z.discriminatedUnion("phase", [
  /** Outcomes of rewards that the lake does not have yet are brought there: before the wiping, and before they are read. */
  z.strictObject({ phase: z.literal("archive"), before: z.enum(["wipe", "outcomes"]) }),
  z.strictObject({ phase: z.literal("wipe") }),
  /** The lake's blocks, in the order of their keys. */
  z.strictObject({ phase: z.literal("lake"), after: z.string() }),
  /** The issuers' cards, shard by shard. `lastBlock` and `kept`: as the shard's first page told them; null before it. */
  z.strictObject({
    phase: z.literal("issuers"),
    shard: z.int().min(0),
    afterSeq: z.int().min(0),
    first: z.strictObject({ lastBlock: z.int().min(0), kept: z.array(z.int()) }).nullable(),
  }),
  /** What became of rewards, from the lake. */
  z.strictObject({ phase: z.literal("outcomes"), after: z.string() }),
  /** The cards are counted by minute and prize, in the order of their ids. */
  z.strictObject({ phase: z.literal("count"), after: z.string() }),
  z.strictObject({ phase: z.literal("end") }),
]);

export type RebuildCursor = z.output<typeof rebuildCursorSchema>;

export interface Rebuild extends Omit<RebuildRow, "cursor"> {
  readonly cursor: RebuildCursor;
}

const COLUMNS = `campaign, source, started_at AS startedAt, step, stepped_at AS steppedAt, cursor, cards, blocks, damaged, hash_before AS hashBefore`;

/** Those of the campaigns whose ledger is being rebuilt. */
export async function rebuiltNow({ LEDGER }: Pick<Env, "LEDGER">, campaigns: readonly string[]): Promise<ReadonlySet<string>> {
  if (campaigns.length === 0) return new Set();
  const { results } = await LEDGER.prepare("SELECT campaign FROM ledger_rebuilds WHERE campaign IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify([...new Set(campaigns)]))
    .all<{ campaign: string }>();
  return new Set(results.map(({ campaign }) => campaign));
}

/** The rebuild of this campaign's ledger that is under way, if one is. */
export async function rebuildOf({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): Promise<Rebuild | null> {
  const row = await LEDGER.prepare(`SELECT ${COLUMNS} FROM ledger_rebuilds WHERE campaign = ?`).bind(campaign).first<RebuildRow>();
  return row === null ? null : { ...row, cursor: rebuildCursorSchema.parse(JSON.parse(row.cursor)) };
}

/** Campaigns whose rebuild nobody has gone on with since `beforeMs`. */
export async function abandonedRebuilds({ LEDGER }: Pick<Env, "LEDGER">, beforeMs: number): Promise<string[]> {
  const { results } = await LEDGER.prepare("SELECT campaign FROM ledger_rebuilds WHERE stepped_at < ? ORDER BY stepped_at")
    .bind(beforeMs)
    .all<{ campaign: string }>();
  return results.map(({ campaign }) => campaign);
}
