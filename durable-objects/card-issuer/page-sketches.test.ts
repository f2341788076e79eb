import fc from "fast-check";
import { expect, it } from "vitest";
import { hashKey, MAX_PAGE_ENTRIES } from "./index-pages.ts";
import { PageSketches } from "./page-sketches.ts";

const hashes = fc.uniqueArray(fc.maxSafeNat(), { maxLength: MAX_PAGE_ENTRIES });
const pageOf = (list: readonly number[]) => Float64Array.from(list.flatMap((hash, seq) => [hash, seq]));

it("never denies what a page holds, as it was last drawn", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(600), hashes), { maxLength: 12 }), (drawn) => {
      const sketches = new PageSketches();
      for (const [page, held] of drawn) sketches.draw(page, pageOf(held));
      for (const [page, held] of new Map(drawn)) for (const hash of held) expect(sketches.mayHold(page, hash)).toBe(true);
    }),
  );
});

it("denies nothing of a page that it does not know, or that is past its bound", () => {
  const sketches = new PageSketches();
  sketches.draw(1, pageOf([7]));
  sketches.draw(1_000_000, pageOf([7]));
  expect([sketches.mayHold(2, 8), sketches.mayHold(1_000_000, 8)]).toEqual([true, true]);
});

it("denies nearly all that a full page does not hold", () => {
  const sketches = new PageSketches();
  sketches.draw(3, pageOf(Array.from({ length: MAX_PAGE_ENTRIES }, (_, i) => hashKey(1, `held ${i}`))));
  const found = Array.from({ length: 20_000 }, (_, i) => sketches.mayHold(3, hashKey(1, `other ${i}`))).filter(Boolean);
  expect(found.length).toBeLessThan(200);
});
