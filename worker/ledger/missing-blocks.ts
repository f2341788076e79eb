import type { missingBlocks } from "./schema.ts";

export type MissingBlock = typeof missingBlocks.$inferSelect;

/** Numbers from `first` to `last` that the ledger has not got, though it has the next since the time `since`. */
export interface Gap {
  readonly campaign: string;
  readonly shard: number;
  readonly first: number;
  readonly last: number;
  readonly since: number;
}

/** Blocks written down in a run. Of a gap that is longer the rest follows when these are found. */
const MAX_NOTED = 2_000;
/** Blocks of one campaign that are told at once. */
const MAX_TOLD = 200;
/** A block that was not found is looked for again after this, and ever more rarely. */
const FIRST_SEARCH_AGAIN_MS = 60_000;
const LONGEST_SEARCH_AGAIN_MS = 3_600_000;

const COLUMNS = "campaign, shard, block, since, searches, search_at AS searchAt, lost_at AS lostAt";

const IS_SETTLED = `EXISTS (
  SELECT 1 FROM blocks
  WHERE blocks.campaign = missing_blocks.campaign AND blocks.shard = missing_blocks.shard AND blocks.block = missing_blocks.block
)`;

/** Writes down blocks that are missing, due to be looked for; those written down before stay as they are. */
export async function noteMissing(env: Pick<Env, "LEDGER">, gaps: readonly Gap[], nowMs: number): Promise<void> {
  const rows: (readonly [string, number, number, number])[] = [];
  for (const { campaign, shard, first, last, since } of gaps) {
    for (let block = first; block <= last && rows.length < MAX_NOTED; block++) rows.push([campaign, shard, block, since]);
  }
  if (rows.length === 0) return;
  const { meta } = await env.LEDGER.prepare(
    `INSERT OR IGNORE INTO missing_blocks (campaign, shard, block, since, searches, search_at)
     SELECT value->>0, value->>1, value->>2, value->>3, 0, ?2 FROM json_each(?1)`,
  )
    .bind(JSON.stringify(rows), nowMs)
    .run();
  if (meta.changes > 0) console.warn(JSON.stringify({ message: "blocks are missing in the ledger", blocks: meta.changes }));
}

/** Blocks to be looked for now, longest waiting first; forgets those that have settled meanwhile. */
export async function dueSearches(env: Pick<Env, "LEDGER">, nowMs: number, limit: number): Promise<MissingBlock[]> {
  await env.LEDGER.prepare(`DELETE FROM missing_blocks WHERE ${IS_SETTLED}`).run();
  const { results } = await env.LEDGER.prepare(`SELECT ${COLUMNS} FROM missing_blocks WHERE search_at <= ? ORDER BY search_at LIMIT ?`)
    .bind(nowMs, limit)
    .all<MissingBlock>();
  return results;
}

/** Writes down that blocks were looked for; `lost`: and that neither issuer nor lake had them. */
export function searched(env: Pick<Env, "LEDGER">, blocks: readonly MissingBlock[], lost: boolean, nowMs: number): D1PreparedStatement {
  const rows = blocks.map(({ campaign, shard, block, searches }) => [campaign, shard, block, nowMs + searchAgainMs(searches)]);
  return env.LEDGER.prepare(
    `UPDATE missing_blocks SET searches = searches + 1, search_at = search.at, lost_at = CASE WHEN ?2 THEN coalesce(lost_at, ?3) END
     FROM (SELECT value->>0 AS campaign, value->>1 AS shard, value->>2 AS block, value->>3 AS at FROM json_each(?1)) AS search
     WHERE missing_blocks.campaign = search.campaign AND missing_blocks.shard = search.shard AND missing_blocks.block = search.block`,
  ).bind(JSON.stringify(rows), lost ? 1 : 0, nowMs);
}

function searchAgainMs(searches: number): number {
  return Math.min(LONGEST_SEARCH_AGAIN_MS, FIRST_SEARCH_AGAIN_MS * 2 ** searches);
}

export async function missingOf(env: Pick<Env, "LEDGER">, campaign: string): Promise<MissingBlock[]> {
  const { results } = await env.LEDGER.prepare(
    `SELECT ${COLUMNS} FROM missing_blocks WHERE campaign = ?1 AND NOT ${IS_SETTLED}
     ORDER BY shard, block LIMIT ?2`,
  )
    .bind(campaign, MAX_TOLD)
    .all<MissingBlock>();
  return results;
}
