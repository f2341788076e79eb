import type { IndexPage } from "./index-pages.ts";

const FEWEST_SLOTS = 4_096;
/** Of so many slots one is taken: few entries are met on the way to one that is looked for. */
const SLOTS_PER_ENTRY = 2;
/** No hash: they are not negative. */
const EMPTY = -1;
/** So many there are. */
const HASHES = 2 ** 53;

/**
 * Entries of the index that are in no page yet: a hash table with open addressing and linear probing, in two arrays of doubles. A `Map` costs four times as much
 * for each card, and an array for each hash besides. Several cards of one hash stand behind each other, in the order in which they came.
 */
export class RecentEntries {
  #hashes = new Float64Array(FEWEST_SLOTS).fill(EMPTY);
  #seqs = new Float64Array(FEWEST_SLOTS);
  #size = 0;
  #scale = FEWEST_SLOTS / HASHES;

  add(hash: number, seq: number): void {
    if ((this.#size + 1) * SLOTS_PER_ENTRY > this.#hashes.length) this.#grow();
    this.#put(hash, seq);
    this.#size += 1;
  }

  /** Appends to `found` the numbers of the cards under `hash`. */
  find(hash: number, found: number[]): void {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let slot = slotOf(hash, this.#scale); hashes[slot] !== EMPTY; slot = (slot + 1) & mask) {
      if (hashes[slot] === hash) found.push(this.#seqs[slot] as number);
    }
  }

  /** All of them in order, as pages have them. */
  sorted(): IndexPage {
    const sorted = new Float64Array(2 * this.#size);
    let length = 0;
    const take = (slot: number, last: boolean) => {
      const hash = this.#hashes[slot] as number;
      if (hash === EMPTY || slotOf(hash, this.#scale) > slot !== last) return;
      // Only those that share a few slots are out of order.
      let at = length;
      for (; at > 0 && (sorted[at - 2] as number) > hash; at -= 2) {
        sorted[at] = sorted[at - 2] as number;
        sorted[at + 1] = sorted[at - 1] as number;
      }
      sorted[at] = hash;
      sorted[at + 1] = this.#seqs[slot] as number;
      length += 2;
    };
    const slots = this.#hashes.length;
    for (let slot = 0; slot < slots; slot++) take(slot, false);
    // The largest hashes may have found no room but around the end of the table.
    for (let slot = 0; slot < slots && this.#hashes[slot] !== EMPTY; slot++) take(slot, true);
    return sorted;
  }

  clear(): void {
    this.#hashes.fill(EMPTY);
    this.#size = 0;
  }

  #put(hash: number, seq: number): void {
    const mask = this.#hashes.length - 1;
    let slot = slotOf(hash, this.#scale);
    while (this.#hashes[slot] !== EMPTY) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#seqs[slot] = seq;
  }

  /** Cards of one hash keep their order: they are put again from its first slot on, around the end of the table if need be. */
  #grow(): void {
    const [hashes, seqs] = [this.#hashes, this.#seqs];
    this.#hashes = new Float64Array(2 * hashes.length).fill(EMPTY);
    this.#seqs = new Float64Array(2 * hashes.length);
    this.#scale *= 2;
    const begin = hashes.indexOf(EMPTY);
    for (let n = 0; n < hashes.length; n++) {
      const slot = (begin + n) & (hashes.length - 1);
      const hash = hashes[slot] as number;
      if (hash !== EMPTY) this.#put(hash, seqs[slot] as number);
    }
  }
}

/** By the highest bits: the table is nearly in the order of its hashes. */
function slotOf(hash: number, scale: number): number {
  return Math.floor(hash * scale);
}
