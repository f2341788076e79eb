import type { IndexPage } from "./index-pages.ts";

/** A sketch has 4,096 bits: for a full page sixteen an entry, of which each sets three, so that of two hundred look-ups one finds what is not there. */
const SKETCH_BYTES = 512;
/** 20 MB at the most, for the pages of some four million cards; pages past it are read whenever they may have something. */
const MAX_SKETCHED_PAGES = 40_000;
/** Memory is taken for so many at a time: a byte each that says that there is a sketch, and the sketches. */
const PAGES_A_SLAB = 256;
const SLAB_BYTES = PAGES_A_SLAB * (1 + SKETCH_BYTES);
/** Doubles that an entry of a page takes. */
const WIDTH = 2;

/**
 * What memory holds of the index's pages when it does not hold the pages: a Bloom filter of each one's hashes (Bloom, Space/time trade-offs in hash coding,
 * 1970). Most look-ups are for what is not there, and need no page then.
 */
export class PageSketches {
  readonly #slabs: Uint8Array[] = [];

  /** Remembers which hashes `page` holds. */
  draw(page: number, entries: IndexPage): void {
    if (page >= MAX_SKETCHED_PAGES) return;
    const slab = (this.#slabs[Math.floor(page / PAGES_A_SLAB)] ??= new Uint8Array(SLAB_BYTES));
    const start = startOf(page);
    slab[page % PAGES_A_SLAB] = 1;
    slab.fill(0, start, start + SKETCH_BYTES);
    const set = (bit: number) => ((slab[start + (bit >>> 3)] as number) |= 1 << (bit & 7));
    for (let at = 0; at < entries.length; at += WIDTH) {
      const hash = entries[at] as number;
      set(firstBit(hash));
      set(secondBit(hash));
      set(thirdBit(hash));
    }
  }

  /** False only where `page` surely has nothing under `hash`. */
  mayHold(page: number, hash: number): boolean {
    const slab = this.#slabs[Math.floor(page / PAGES_A_SLAB)];
    if (slab?.[page % PAGES_A_SLAB] !== 1) return true;
    const start = startOf(page);
    const isSet = (bit: number) => ((slab[start + (bit >>> 3)] as number) & (1 << (bit & 7))) !== 0;
    return isSet(firstBit(hash)) && isSet(secondBit(hash)) && isSet(thirdBit(hash));
  }
}

function startOf(page: number): number {
  return PAGES_A_SLAB + (page % PAGES_A_SLAB) * SKETCH_BYTES;
}

// Pages are told apart by the highest of a hash's 53 bits: these are of the lowest 32.
const firstBit = (hash: number) => (hash >>> 0) & 4_095;
const secondBit = (hash: number) => (hash >>> 12) & 4_095;
const thirdBit = (hash: number) => Math.imul(hash >>> 0, 0x9e3779b1) >>> 20;
