import type { Block } from "../../../durable-objects/block.ts";
import { insertRewards, upsertCards } from "../apply.ts";
import { foldBlocks } from "../fold.ts";
import { MADE_AGAIN } from "../held-rewards.ts";
import { blocksAfter } from "../lake.ts";
import type { Part } from "../ledgers.ts";
import { keptIfAnswered } from "./ask-issuer.ts";
import type { StepPlan } from "./step.ts";
import type { RebuildCursor } from "./under-way.ts";

/** As many as settlement applies in one transaction. */
const BLOCKS_A_STEP = 10;

type LakeCursor = Extract<RebuildCursor, { phase: "lake" }>;

/**
 * Applies the lake's next blocks. One whose number another has had, and one that is not as it was written, is left out and logged; one that its issuer keeps is
 * left to it.
 */
export async function fromLake(env: Env, part: Part, campaign: string, cursor: LakeCursor): Promise<StepPlan> {
  const { blocks: read, damaged, last } = await blocksAfter(env, campaign, part, cursor.after, BLOCKS_A_STEP);
  const { ledger } = part;
  if (last === null) return { next: { phase: "check", shard: ledger.nth, mayReadAgain: cursor.left && !cursor.again }, statements: [] };
  const { settled, silent } = await acknowledged(env, campaign, read, cursor.silent);
  const blocks = await unapplied(ledger, campaign, settled);
  const { cards, rewards } = foldBlocks(blocks);
  return {
    next: { ...cursor, after: last, silent, left: cursor.left || settled.length < read.length },
    statements:
      blocks.length === 0
        ? []
        : [insertBlocks(ledger, blocks), ...upsertCards(ledger, cards), ...insertRewards(ledger, rewards, MADE_AGAIN)],
    cards: cards.filter(({ issuedAt }) => issuedAt !== null).length,
    blocks: blocks.length,
    ...(cursor.again ? {} : { damaged: damaged.length, faults: damaged.map((key) => `${key} is not as it was written`) }),
  };
}

/**
 * Those that their issuers were told the ledger had. One that an issuer keeps may have come into the lake and not into the ledger: it is settled when the issuer
 * sends it again, and partners hear of it then. Of an issuer that does not answer (`silent`), all are taken: it is not waited for.
 */
async function acknowledged(
  env: Env,
  campaign: string,
  blocks: readonly Block[],
  silent: readonly number[],
): Promise<{ readonly settled: readonly Block[]; readonly silent: number[] }> {
  const shards = [...new Set(blocks.map(({ header }) => header.shard))].filter((shard) => !silent.includes(shard));
  const pages = await Promise.all(shards.map((shard) => keptIfAnswered(env, { campaign, shard })));
  const kept = new Map(shards.map((shard, i) => [shard, new Set(pages[i]?.keptBlocks)]));
  return {
    settled: blocks.filter(({ header: { shard, block } }) => kept.get(shard)?.has(block) !== true),
    silent: [...silent, ...shards.filter((_, i) => pages[i] === null)],
  };
}

/** Those whose number the ledger does not have yet. The lake has two of one number where one was refused, and another accepted in its place. */
async function unapplied(env: Pick<Env, "LEDGER">, campaign: string, blocks: readonly Block[]): Promise<Block[]> {
  const { results } = await env.LEDGER.prepare(
    "SELECT shard, block, hash FROM blocks WHERE campaign = ?1 AND (shard, block) IN (SELECT value->>0, value->>1 FROM json_each(?2))",
  )
    .bind(campaign, JSON.stringify(blocks.map(({ header }) => [header.shard, header.block])))
    .all<{ shard: number; block: number; hash: string }>();
  const taken = new Map(results.map(({ shard, block, hash }) => [`${shard}/${block}`, hash]));
  return blocks.filter(({ header: { shard, block, hash } }) => {
    const known = taken.get(`${shard}/${block}`);
    taken.set(`${shard}/${block}`, known ?? hash);
    if (known !== undefined && known !== hash) {
      console.warn(JSON.stringify({ message: "the lake has two blocks of one number", campaign, shard, block }));
    }
    return known === undefined;
  });
}

function insertBlocks({ LEDGER }: Pick<Env, "LEDGER">, blocks: readonly Block[]): D1PreparedStatement {
  const rows = blocks.map(({ header }) => [header.campaign, header.shard, header.block, header.prev, header.hash, header.events]);
  return LEDGER.prepare(
    `INSERT INTO blocks (campaign, shard, block, prev, hash, events, settled_at)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, ?2 FROM json_each(?1)`,
  ).bind(JSON.stringify(rows), Date.now());
}
