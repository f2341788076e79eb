import { GENESIS_HASH } from "../../durable-objects/block.ts";
import { recordFaults } from "./chain-faults.ts";
import { UNKNOWN_HASH } from "./chain.ts";
import type { BlockPlace } from "./chain.ts";
import { noteMissing } from "./missing-blocks.ts";
import type { Gap } from "./missing-blocks.ts";
import { rebuiltNow } from "./rebuild/under-way.ts";

/** Blocks looked at in one query: a tenth of a second, in which D1 answers nobody else. */
const BLOCKS_A_SLICE = 10_000;
/** In a run, those of some five million cards; of several ledgers, which have one thread each, at least one slice of each. */
const SLICES_A_RUN = 5;
/** A gap is given this long to close by itself: an issuer sends a block that was lost again after 15 s, and after 45 s. */
const GAP_PATIENCE_MS = 60_000;

/** A block of the ledger that does not follow on the one before it. */
interface Finding extends BlockPlace {
  readonly hash: string;
  readonly settledAt: number;
  /** Number of the block that the ledger has before it; 0: none. */
  readonly before: number;
  /** 1: it follows in number, and not by its hash. */
  readonly altered: 0 | 1;
  /** Its place in the slice, from 1. */
  readonly nth: number;
}

/**
 * Walks along the ledger's blocks, a slice at a time and round after round, and writes down where numbers are missing and where a block is not the one that
 * the next was chained to. Where it stopped is kept in that ledger. `ledgers`: of how many this is one.
 */
export async function scrubBlocks(env: Pick<Env, "LEDGER">, nowMs: number, ledgers = 1): Promise<void> {
  for (let slices = 0; slices < Math.max(1, SLICES_A_RUN / ledgers); slices++) {
    if (await scrubSlice(env, nowMs, BLOCKS_A_SLICE)) return;
  }
}

/** Looks at the next `slice` blocks; tells whether they were the last of a round. */
export async function scrubSlice(env: Pick<Env, "LEDGER">, nowMs: number, slice: number): Promise<boolean> {
  const from = await readCursor(env);
  const all = await findFaults(env, from, slice);
  const end = all.find(({ nth }) => nth === slice);
  const rebuilt = await rebuiltNow(
    env,
    all.map(({ campaign }) => campaign),
  );
  const found = all.filter(({ campaign }) => !rebuilt.has(campaign));
  const gaps = found
    .filter(({ block, before, settledAt }) => block > before + 1 && settledAt <= nowMs - GAP_PATIENCE_MS)
    .map(({ campaign, shard, block, before, settledAt }): Gap => ({
      campaign,
      shard,
      first: before + 1,
      last: block - 1,
      since: settledAt,
    }));
  const altered = found.filter((finding) => finding.altered === 1);
  await noteMissing(env, gaps, nowMs);
  await recordFaults(
    env,
    altered.map(({ campaign, shard, block, hash }) => ({ campaign, shard, block, hash, kind: "altered" })),
    nowMs,
  );
  await saveCursor(env, from, end ?? START);
  return end === undefined;
}

const START: BlockPlace = { campaign: "", shard: 0, block: 0 };

async function readCursor(env: Pick<Env, "LEDGER">): Promise<BlockPlace> {
  return (await env.LEDGER.prepare("SELECT campaign, shard, block FROM scrub_cursor").first<BlockPlace>()) ?? START;
}

async function saveCursor(env: Pick<Env, "LEDGER">, from: BlockPlace, { campaign, shard, block }: BlockPlace): Promise<void> {
  if (from.campaign === campaign && from.shard === shard && from.block === block) return;
  await env.LEDGER.prepare("INSERT OR REPLACE INTO scrub_cursor (id, campaign, shard, block) VALUES (0, ?, ?, ?)")
    .bind(campaign, shard, block)
    .run();
}

/** Findings among the `slice` blocks after `from`, and the last of them if there are so many. */
async function findFaults(env: Pick<Env, "LEDGER">, { campaign, shard, block }: BlockPlace, slice: number): Promise<Finding[]> {
  const { results } = await env.LEDGER.prepare(
    `WITH slice AS (
       SELECT *, row_number() OVER (ORDER BY campaign, shard, block) AS nth, campaign = ?1 AND shard = ?2 AS goes_on,
         lag(block) OVER chain AS lag_block, lag(hash) OVER chain AS lag_hash
       FROM (SELECT * FROM blocks WHERE (campaign, shard, block) > (?1, ?2, ?3) ORDER BY campaign, shard, block LIMIT ?4)
       WINDOW chain AS (PARTITION BY campaign, shard ORDER BY block)
     ),
     linked AS (
       SELECT campaign, shard, block, hash, prev, settled_at AS settledAt, nth,
         coalesce(lag_block, CASE WHEN goes_on THEN ?3 ELSE 0 END) AS before,
         coalesce(lag_hash, CASE WHEN goes_on THEN (SELECT hash FROM blocks WHERE campaign = ?1 AND shard = ?2 AND block = ?3) ELSE ?5 END) AS before_hash
       FROM slice
     ),
     judged AS (
       SELECT *, (block = before + 1 AND before_hash NOT IN (prev, ?6)) IS TRUE AND NOT EXISTS (
         SELECT 1 FROM chain_faults AS fault
         WHERE fault.campaign = linked.campaign AND fault.shard = linked.shard AND fault.block IN (linked.block, linked.block - 1)
           AND fault.kind = 'broken' AND fault.accepted_at IS NOT NULL
       ) AS altered
       FROM linked
     )
     SELECT campaign, shard, block, hash, settledAt, nth, before, altered FROM judged WHERE block > before + 1 OR altered OR nth = ?4`,
  )
    .bind(campaign, shard, block, slice, GENESIS_HASH, UNKNOWN_HASH)
    .all<Finding>();
  return results;
}
