import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundsOf, cutPages, findInPage, MAX_PAGE_ENTRIES, mergeRuns, pagesWith } from "./index-pages.ts";

type Entry = readonly [hash: number, seq: number];

/** Few hashes, so that many cards share one. */
const entries = fc.uniqueArray(fc.tuple(fc.nat(20), fc.nat(2_000)), { selector: (entry) => entry.join(), maxLength: 1_500 });
const inOrder = (list: readonly Entry[]) => list.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
const sortedOf = (list: readonly Entry[]) => Float64Array.from(inOrder(list).flat());

describe("the pages of the index", () => {
  it("hold every entry in order, when they are cut from one run or from several", () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 400 }), (list, runs, pieceEntries) => {
        const sources = Array.from({ length: runs }, (_, run) => cutPages(sortedOf(list.filter((_entry, i) => i % runs === run))).values());
        const pieces = [...mergeRuns(sources, pieceEntries)];
        expect(pieces.flatMap((piece) => [...piece])).toEqual([...sortedOf(list)]);
        for (const piece of pieces.slice(0, -1)) expect(piece).toHaveLength(2 * pieceEntries);
        for (const page of pieces.flatMap(cutPages)) expect(page.length / 2).toBeLessThanOrEqual(MAX_PAGE_ENTRIES);
      }),
      { numRuns: 40 },
    );
  });

  it("give all cards of a hash, on whatever pages they are, and no others", () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 7 }), (list, perPage) => {
        const sorted = sortedOf(list);
        const pages = Array.from({ length: Math.ceil(list.length / perPage) }, (_, n) =>
          sorted.slice(2 * n * perPage, 2 * (n + 1) * perPage),
        );
        const bounds = boundsOf(pages);
        for (let hash = -1; hash <= 21; hash++) {
          const found: number[] = [];
          const [first, end] = pagesWith(bounds, hash);
          for (const page of pages.slice(first, end)) findInPage(page, hash, found);
          const expected = list.filter(([own]) => own === hash).map(([, seq]) => seq);
          expect(found).toEqual(expected.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("are looked into only where a hash may be: in one of them where no two share one", () => {
    const pages = cutPages(Float64Array.from({ length: 8_000 }, (_, i) => i >>> 1));
    const bounds = boundsOf(pages);
    for (let hash = 0; hash < 4_000; hash++) {
      const [first, end] = pagesWith(bounds, hash);
      expect(end - first).toBeLessThanOrEqual(2);
    }
    expect(pagesWith(bounds, 4_000)).toEqual([0, 0]);
  });
});
