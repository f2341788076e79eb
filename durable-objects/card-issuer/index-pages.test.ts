import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutPage, findInPage, hashKey, MAX_PAGE_ENTRIES, mergePages } from "./index-pages.ts";

/** Few hashes, so that many cards share one. */
const entries = fc.uniqueArray(fc.tuple(fc.nat(20), fc.nat(2_000)), { selector: (entry) => entry.join(), maxLength: 1_500 });

const pageOfEntries = (list: readonly (readonly [number, number])[]) =>
  Float64Array.from(list.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).flat());

describe("a page of the index", () => {
  it("keeps every entry in order when it is merged and cut", () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const added = b.filter((entry) => !a.some((other) => other.join() === entry.join()));
        const pieces = cutPage(mergePages(pageOfEntries(a), pageOfEntries(added)));
        expect(pieces.flatMap((piece) => [...piece])).toEqual([...pageOfEntries([...a, ...added])]);
        for (const piece of pieces) expect(piece.length / 2).toBeLessThanOrEqual(MAX_PAGE_ENTRIES);
      }),
      { numRuns: 30 },
    );
  });

  it("finds all cards of a hash, and no others", () => {
    fc.assert(
      fc.property(entries, (list) => {
        for (let hash = 0; hash <= 20; hash++) {
          const found: number[] = [];
          findInPage(pageOfEntries(list), hash, found);
          const expected = list.filter(([own]) => own === hash).map(([, seq]) => seq);
          expect(found).toEqual(expected.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is found by hashes that a stored integer holds exactly, other ones for other kinds", () => {
    const texts = Array.from({ length: 5_000 }, (_, i) => `request-${i}`);
    const hashes = texts.map((text) => hashKey(1, text));
    expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
    expect(new Set([...hashes, ...texts.map((text) => hashKey(2, text))]).size).toBe(10_000);
  });
});
