import { WIDTH } from "./index-pages.ts";
import type { IndexPage } from "./index-pages.ts";

/** Twelve to twenty-four bits an entry, of which each sets three: of a hundred look-ups at the most one finds what is not there. */
const MIN_BITS_PER_ENTRY = 12;
const FEWEST_BYTES = 64;
const BITS_PER_BYTE = 8;

/**
 * What memory holds of a part of the index: a Bloom filter of its hashes (Bloom, Space/time trade-offs in hash coding, 1970). Most look-ups are for what is
 * not there, and need no page then.
 */
export type IndexSketch = Uint8Array<ArrayBuffer>;

export function sketchOf(entries: IndexPage): IndexSketch {
  let bytes = FEWEST_BYTES;
  while (bytes * BITS_PER_BYTE < (entries.length / WIDTH) * MIN_BITS_PER_ENTRY) bytes *= 2;
  const sketch = new Uint8Array(bytes);
  const mask = bytes * BITS_PER_BYTE - 1;
  for (let at = 0; at < entries.length; at += WIDTH) {
    const hash = entries[at] as number;
    const [first, step] = [hash >>> 0, stepOf(hash)];
    set(sketch, first & mask);
    set(sketch, (first + step) & mask);
    set(sketch, (first + 2 * step) & mask);
  }
  return sketch;
}

/** False only where there surely is nothing under `hash`. */
export function mayHold(sketch: IndexSketch, hash: number): boolean {
  const mask = sketch.length * BITS_PER_BYTE - 1;
  const first = hash >>> 0;
  if (!isSet(sketch, first & mask)) return false;
  const step = stepOf(hash);
  return isSet(sketch, (first + step) & mask) && isSet(sketch, (first + 2 * step) & mask);
}

function set(sketch: IndexSketch, bit: number): void {
  sketch[bit >>> 3] = (sketch[bit >>> 3] as number) | (1 << (bit & 7));
}

function isSet(sketch: IndexSketch, bit: number): boolean {
  return ((sketch[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
}

/** From the higher bits: how far it is from one of a hash's bits to the next (Kirsch and Mitzenmacher, Less hashing, same performance, 2006). */
function stepOf(hash: number): number {
  return Math.imul(hash / 2 ** 32, 0x9e3779b1) >>> 11;
}
