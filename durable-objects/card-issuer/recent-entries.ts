import type { IndexPage } from "./index-pages.ts";

const FEWEST_SLOTS = 4_096;
/** Of so many slots one is taken: few entries are met on the way to one that is looked for. */
const SLOTS_PER_ENTRY = 2;
/** No hash: they are not negative. */
const EMPTY = -1;
/** So many there are. */
const HASHES = 2 ** 53;

/**
 * Entries of the index that are in no page yet: a hash table with open addressing and linear probing, in arrays of numbers. A `Map` costs four times as much
 * for each card, and an array for each hash besides. Several cards of one hash take one slot and are chained in the order in which they came: a recipient may
 * have them all.
 */
export class RecentEntries {
  #hashes = new Float64Array(FEWEST_SLOTS).fill(EMPTY);
  /** Of each slot, the last entry of its hash. */
  #lasts = new Int32Array(FEWEST_SLOTS);
  /** Of each entry, its card, and the next entry of its hash; the first follows on the last. */
  #seqs = new Float64Array(FEWEST_SLOTS / SLOTS_PER_ENTRY);
  #nexts = new Int32Array(FEWEST_SLOTS / SLOTS_PER_ENTRY);
  #size = 0;
  #scale = FEWEST_SLOTS / HASHES;

  add(hash: number, seq: number): void {
    if (this.#size === this.#seqs.length) this.#grow();
    const entry = this.#size++;
    const slot = this.#slotWith(hash);
    const last = this.#lasts[slot] as number;
    const isFirst = this.#hashes[slot] === EMPTY;
    this.#seqs[entry] = seq;
    this.#nexts[entry] = isFirst ? entry : (this.#nexts[last] as number);
    if (!isFirst) this.#nexts[last] = entry;
    this.#hashes[slot] = hash;
    this.#lasts[slot] = entry;
  }

  /** Appends to `found` the numbers of the cards under `hash`. */
  find(hash: number, found: number[]): void {
    const slot = this.#slotWith(hash);
    if (this.#hashes[slot] === EMPTY) return;
    const last = this.#lasts[slot] as number;
    let entry = last;
    do {
      entry = this.#nexts[entry] as number;
      found.push(this.#seqs[entry] as number);
    } while (entry !== last);
  }

  /** All of them in order, as pages have them. */
  sorted(): IndexPage {
    const sorted = new Float64Array(2 * this.#size);
    const slots = this.#inOrder();
    let length = 0;
    for (let n = 0; n < slots.length; n++) {
      const slot = slots[n] as number;
      const last = this.#lasts[slot] as number;
      let entry = last;
      do {
        entry = this.#nexts[entry] as number;
        sorted[length] = this.#hashes[slot] as number;
        sorted[length + 1] = this.#seqs[entry] as number;
        length += 2;
      } while (entry !== last);
    }
    return sorted;
  }

  clear(): void {
    this.#hashes.fill(EMPTY);
    this.#size = 0;
  }

  /** The slots that are taken, in the order of their hashes. */
  #inOrder(): Int32Array {
    const hashes = this.#hashes;
    const order = new Int32Array(this.#size);
    let length = 0;
    const take = (slot: number, last: boolean) => {
      const hash = hashes[slot] as number;
      if (hash === EMPTY || slotOf(hash, this.#scale) > slot !== last) return;
      // Only those that share a few slots are out of order.
      let at = length++;
      for (; at > 0 && (hashes[order[at - 1] as number] as number) > hash; at--) order[at] = order[at - 1] as number;
      order[at] = slot;
    };
    for (let slot = 0; slot < hashes.length; slot++) take(slot, false);
    // The largest hashes may have found no room but around the end of the table.
    for (let slot = 0; slot < hashes.length && hashes[slot] !== EMPTY; slot++) take(slot, true);
    return order.subarray(0, length);
  }

  /** The slot of `hash`, or the empty one that it would take. */
  #slotWith(hash: number): number {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    let slot = slotOf(hash, this.#scale);
    while (hashes[slot] !== EMPTY && hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [hashes, lasts, seqs, nexts] = [this.#hashes, this.#lasts, this.#seqs, this.#nexts];
    this.#hashes = new Float64Array(2 * hashes.length).fill(EMPTY);
    this.#lasts = new Int32Array(2 * lasts.length);
    this.#seqs = new Float64Array(2 * seqs.length);
    this.#nexts = new Int32Array(2 * nexts.length);
    this.#seqs.set(seqs);
    this.#nexts.set(nexts);
    this.#scale *= 2;
    for (let n = 0; n < hashes.length; n++) {
      const hash = hashes[n] as number;
      if (hash === EMPTY) continue;
      const slot = this.#slotWith(hash);
      this.#hashes[slot] = hash;
      this.#lasts[slot] = lasts[n] as number;
    }
  }
}

/** By the highest bits: the table is nearly in the order of its hashes. */
function slotOf(hash: number, scale: number): number {
  return Math.floor(hash * scale);
}
