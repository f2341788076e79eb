import { blockEvents } from "../block.ts";
import type { OutboxStorage } from "./storage/outbox.ts";

/** Blocks read at a time, some 100 KB and a millisecond each: what is more is read when somebody asks again. */
const BLOCKS_A_READ = 50;

/** Which events of cards the ledger has not confirmed yet: of each block read once, in memory as long as the block is kept. */
export class OnTheWay {
  readonly #outbox: OutboxStorage;
  /** By block: the lowest version of each card in it. */
  readonly #blocks = new Map<number, ReadonlyMap<string, number>>();

  constructor(outbox: OutboxStorage) {
    this.#outbox = outbox;
  }

  /** The version of each card before the first of its events that is on the way, for cards that have any in a block or wait for one; null: not all blocks are read yet. */
  confirmedVersions(): ReadonlyMap<string, number> | null {
    const kept = new Set(this.#outbox.keptBlocks());
    for (const block of this.#blocks.keys()) if (!kept.has(block)) this.#blocks.delete(block);
    const unread = [...kept].filter((block) => !this.#blocks.has(block));
    for (const { block, body } of this.#outbox.bodies(unread.slice(0, BLOCKS_A_READ))) this.#blocks.set(block, lowestVersions(body));
    if (unread.length > BLOCKS_A_READ) return null;
    const confirmed = new Map<string, number>();
    for (const versions of [...this.#blocks.values(), lowestVersions(this.#outbox.waiting())]) {
      for (const [card, version] of versions) confirmed.set(card, Math.min(confirmed.get(card) ?? version, version - 1));
    }
    return confirmed;
  }
}

function lowestVersions(body: string): Map<string, number> {
  const lowest = new Map<string, number>();
  for (const { card, version } of blockEvents({ body })) lowest.set(card, Math.min(lowest.get(card) ?? version, version));
  return lowest;
}
