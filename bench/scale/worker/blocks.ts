import { Buffer } from "node:buffer";
import type { BlockHeader } from "../../../durable-objects/protocol.ts";

/** A block that an issuer has sent, as it travels. */
export interface SentBlock {
  readonly header: BlockHeader;
  readonly bytes: Uint8Array;
}

/** The first line of a block; to check the rest is the ledger's work. */
export function readSentBlock(bytes: Uint8Array): SentBlock {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, header: JSON.parse(text.toString("utf8", 0, text.indexOf("\n"))) as BlockHeader };
}

/** Blocks that issuers have sent, by campaign, oldest first: they go nowhere else. One that is sent again is there already. */
export class SentBlocks {
  readonly #campaigns = new Map<string, SentBlock[]>();
  readonly #known = new Set<string>();

  add(block: SentBlock): void {
    const { campaign, hash } = block.header;
    if (this.#known.has(hash)) return;
    this.#known.add(hash);
    const kept = this.#campaigns.get(campaign) ?? [];
    kept.push(block);
    this.#campaigns.set(campaign, kept);
  }

  count(campaign: string): number {
    return this.#campaigns.get(campaign)?.length ?? 0;
  }

  /** The oldest so many of the first shard, left where they are. */
  first(campaign: string, blocks: number): readonly SentBlock[] {
    const kept = (this.#campaigns.get(campaign) ?? []).filter(({ header }) => header.shard === 0);
    if (kept.length < blocks) throw new Error(`${campaign} has only ${kept.length} blocks of ${blocks}`);
    return kept.slice(0, blocks);
  }

  take(campaign: string, blocks: number): readonly SentBlock[] {
    const taken = this.first(campaign, blocks);
    const gone = new Set(taken);
    this.#campaigns.set(campaign, this.#campaigns.get(campaign)?.filter((block) => !gone.has(block)) ?? []);
    return taken;
  }
}
