import { DIGEST_WORDS, ENTRY_WORDS } from "../code-digests.ts";

/** The table is at most half full: a search ends after a step or two. */
const SLOTS_PER_ENTRY = 2;

/** A line whose code stands further up: in the file itself (`other` null), or in another segment, by its place in `others`. */
export interface Duplicate {
  readonly line: number;
  readonly other: number | null;
  readonly firstLine: number;
}

/**
 * Which entries of one part have a digest that an entry before them has, or one of `others`. Entries are as `CodePacker` makes them, read as
 * 32-bit words. At most one finding a line.
 */
export function findDuplicates(own: Uint32Array, others: readonly Uint32Array[]): Duplicate[] {
  const count = own.length / ENTRY_WORDS;
  const mask = 2 ** Math.ceil(Math.log2(Math.max(1, count) * SLOTS_PER_ENTRY)) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);
  /** The slot of the entry with these words, or the empty one where it belongs. The first byte is the part's: the second word is as good as random. */
  const slotOf = (words: Uint32Array, at: number): number => {
    let slot = (words[at + 1] ?? 0) & mask;
    while (slots[slot] !== -1 && !isSameDigest(own, (slots[slot] ?? 0) * ENTRY_WORDS, words, at)) slot = (slot + 1) & mask;
    return slot;
  };
  const lineOf = (words: Uint32Array, entry: number) => words[entry * ENTRY_WORDS + DIGEST_WORDS] ?? 0;
  const found = new Map<number, Duplicate>();
  for (let entry = 0; entry < count; entry++) {
    const slot = slotOf(own, entry * ENTRY_WORDS);
    const first = slots[slot] ?? -1;
    if (first === -1) slots[slot] = entry;
    else found.set(lineOf(own, entry), { line: lineOf(own, entry), other: null, firstLine: lineOf(own, first) });
  }
  for (const [other, words] of others.entries()) {
    for (let entry = 0; entry < words.length / ENTRY_WORDS; entry++) {
      const mine = slots[slotOf(words, entry * ENTRY_WORDS)] ?? -1;
      if (mine === -1) continue;
      const line = lineOf(own, mine);
      if (!found.has(line)) found.set(line, { line, other, firstLine: lineOf(words, entry) });
    }
  }
  return [...found.values()];
}

function isSameDigest(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  for (let word = 0; word < DIGEST_WORDS; word++) if (a[atA + word] !== b[atB + word]) return false;
  return true;
}
