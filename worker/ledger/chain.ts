import { GENESIS_HASH } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import type { BlockHeader } from "../../durable-objects/protocol.ts";

/** Where a block stands: `block` counts from 1 in each shard of a campaign. */
export type BlockPlace = Pick<BlockHeader, "campaign" | "shard" | "block">;

/** Of a block that is known to be in the ledger by its number alone: a ledger that was rebuilt from the issuers has forgotten the hashes. Any block fits it. */
export const UNKNOWN_HASH = "";

/** A block as the ledger has it. `prev` is null where it was settled when that was not kept. */
export interface SettledBlock extends BlockPlace {
  readonly prev: string | null;
  readonly hash: string;
}

/** A block that may not be applied: its chain does not hold, or its number is another block's. */
export interface RefusedBlock {
  readonly kind: "broken" | "other_content";
  readonly header: BlockHeader;
}

export interface CheckedBlocks {
  /** To be applied. */
  readonly fresh: readonly Block[];
  /** In the ledger already. */
  readonly settled: readonly BlockHeader[];
  readonly refused: readonly RefusedBlock[];
}

export function placeKey({ campaign, shard, block }: BlockPlace): string {
  return `${campaign}/${shard}/${block}`;
}

/**
 * Holds blocks that arrived, doubled and in any order, against those of the ledger with their numbers and the ones beside them: each one's `prev` must be
 * the hash of the block before it, wherever the two are. `isAccepted`: an operator has said that this block is to be applied though it does not fit.
 */
export function checkBlocks(
  arrived: readonly Block[],
  ledger: readonly SettledBlock[],
  isAccepted: (header: BlockHeader) => boolean,
): CheckedBlocks {
  const known = new Map(ledger.map((block) => [placeKey(block), block]));
  const fresh: Block[] = [];
  const settled: BlockHeader[] = [];
  const refused: RefusedBlock[] = [];
  const distinct = new Map(arrived.map((block) => [`${placeKey(block.header)}/${block.header.hash}`, block]));
  for (const block of [...distinct.values()].sort((a, b) => a.header.block - b.header.block)) {
    const { header } = block;
    const same = known.get(placeKey(header));
    if (same !== undefined) {
      if (same.hash === header.hash || same.hash === UNKNOWN_HASH) settled.push(header);
      else refused.push({ kind: "other_content", header });
    } else if (fits(header, known) || isAccepted(header)) {
      fresh.push(block);
      known.set(placeKey(header), header);
    } else refused.push({ kind: "broken", header });
  }
  return { fresh, settled, refused };
}

function fits(header: BlockHeader, known: ReadonlyMap<string, SettledBlock>): boolean {
  const before = known.get(placeKey({ ...header, block: header.block - 1 }));
  const after = known.get(placeKey({ ...header, block: header.block + 1 }));
  const prev = header.block === 1 ? GENESIS_HASH : before?.hash;
  return (
    (prev === undefined || prev === UNKNOWN_HASH || prev === header.prev) &&
    (after === undefined || after.prev === null || after.prev === header.hash)
  );
}
