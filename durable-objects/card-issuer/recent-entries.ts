import type { IndexPage } from "./index-pages.ts";

const FEWEST_SLOTS = 4_096;
/** Of so many slots one is taken: few entries are met on the way to one that is looked for. */
const SLOTS_PER_ENTRY = 2;
/** No hash: they are not negative. */
const EMPTY = -1;

/**
 * Entries of the index that are in no page yet: a hash table with open addressing and linear probing, in two arrays of doubles. A `Map` costs four times as much
 * for each card, and an array for each hash besides. Several cards of one hash stand behind each other, in the order in which they came.
 */
export class RecentEntries {
  #hashes = new Float64Array(FEWEST_SLOTS).fill(EMPTY);
  #seqs = new Float64Array(FEWEST_SLOTS);
  #size = 0;

  add(hash: number, seq: number): void {
    if ((this.#size + 1) * SLOTS_PER_ENTRY > this.#hashes.length) this.#grow();
    this.#put(hash, seq);
    this.#size += 1;
  }

  /** Appends to `found` the numbers of the cards under `hash`. */
  find(hash: number, found: number[]): void {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let slot = slotOf(hash, mask); hashes[slot] !== EMPTY; slot = (slot + 1) & mask) {
      if (hashes[slot] === hash) found.push(this.#seqs[slot] as number);
    }
  }

  /** All of them in order, as a page has them. */
  sorted(): IndexPage {
    const hashes = this.#hashes.filter((hash) => hash !== EMPTY).sort();
    const sorted = new Float64Array(2 * hashes.length);
    const seqs: number[] = [];
    for (let at = 0; at < hashes.length; at += seqs.length) {
      const hash = hashes[at] as number;
      seqs.length = 0;
      this.find(hash, seqs);
      for (const [nth, seq] of seqs.entries()) {
        sorted[2 * (at + nth)] = hash;
        sorted[2 * (at + nth) + 1] = seq;
      }
    }
    return sorted;
  }

  clear(): void {
    this.#hashes.fill(EMPTY);
    this.#size = 0;
  }

  #put(hash: number, seq: number): void {
    const mask = this.#hashes.length - 1;
    let slot = slotOf(hash, mask);
    while (this.#hashes[slot] !== EMPTY) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#seqs[slot] = seq;
  }

  /** Cards of one hash keep their order: they are put again from its first slot on, around the end of the table if need be. */
  #grow(): void {
    const [hashes, seqs] = [this.#hashes, this.#seqs];
    this.#hashes = new Float64Array(2 * hashes.length).fill(EMPTY);
    this.#seqs = new Float64Array(2 * hashes.length);
    const begin = hashes.indexOf(EMPTY);
    for (let n = 0; n < hashes.length; n++) {
      const slot = (begin + n) & (hashes.length - 1);
      const hash = hashes[slot] as number;
      if (hash !== EMPTY) this.#put(hash, seqs[slot] as number);
    }
  }
}

/** By the lowest bits: hashes are even in all of them. */
function slotOf(hash: number, mask: number): number {
  return (hash >>> 0) & mask;
}
