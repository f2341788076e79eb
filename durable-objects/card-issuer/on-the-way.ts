import { blockEvents } from "../block.ts";
import type { OutboxStorage, SealedBlock } from "./storage/outbox.ts";

/** Blocks read at a time, some 100 KB and a millisecond each: what is more is read when somebody asks again. */
const BLOCKS_A_READ = 50;

/** Which events of cards the ledger has not confirmed yet: of each block read once, in memory as long as the block is kept. */
export class OnTheWay {
  readonly #outbox: OutboxStorage;
  readonly #read: (blocks: readonly number[]) => readonly SealedBlock[];
  /** By block: the versions of each card in it. */
  readonly #blocks = new Map<number, ReadonlyMap<string, readonly number[]>>();

  constructor(outbox: OutboxStorage, read: (blocks: readonly number[]) => readonly SealedBlock[]) {
    this.#outbox = outbox;
    this.#read = read;
  }

  /**
   * The versions of each card that are on the way, in a block or waiting for one. They need not be the last: blocks are confirmed in any order. Null: not all blocks
   * are read yet.
   */
  versions(): ReadonlyMap<string, readonly number[]> | null {
    const kept = new Set(this.#outbox.keptBlocks());
    for (const block of this.#blocks.keys()) if (!kept.has(block)) this.#blocks.delete(block);
    const unread = [...kept].filter((block) => !this.#blocks.has(block));
    for (const { block, body } of this.#read(unread.slice(0, BLOCKS_A_READ))) this.#blocks.set(block, versionsOf(body));
    if (unread.length > BLOCKS_A_READ) return null;
    const onTheWay = new Map<string, readonly number[]>();
    for (const versions of [...this.#blocks.values(), versionsOf(this.#outbox.waiting())]) {
      for (const [card, some] of versions) onTheWay.set(card, [...(onTheWay.get(card) ?? []), ...some]);
    }
    return onTheWay;
  }
}

function versionsOf(body: string): Map<string, number[]> {
  const versions = new Map<string, number[]>();
  for (const { card, version } of blockEvents({ body })) {
    const known = versions.get(card);
    if (known === undefined) versions.set(card, [version]);
    else known.push(version);
  }
  return versions;
}
