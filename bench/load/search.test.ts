import fc from "fast-check";
import { expect, test } from "vitest";
import { afterTry, beginSearch, isOpen } from "./search.ts";
import type { Search } from "./search.ts";

/** Searches to the end; `holds` is told whether the try is a long one. */
function search(first: number, holds: (rate: number, long: boolean) => boolean): { readonly found: Search; readonly tries: number } {
  let found = beginSearch(first);
  let tries = 0;
  for (; isOpen(found) && tries < 100; tries += 1) found = afterTry(found, holds(found.rate, found.status === "confirming"));
  return { found, tries };
}

test("from wherever it begins, the highest rate that holds is found, but for six in a hundred", () => {
  const rates = fc.integer({ min: 2, max: 40_000 });
  fc.assert(
    fc.property(rates, rates, (first, limit) => {
      const { found, tries } = search(first, (rate) => rate <= limit);
      expect(found).toMatchObject({ status: "found" });
      const { rate } = found as { readonly rate: number };
      expect(rate).toBeLessThanOrEqual(limit);
      expect(rate).toBeGreaterThan(limit / 1.061);
      expect(tries).toBeLessThan(25);
    }),
  );
});

test("what holds only for a short time is stepped back from", () => {
  const { found } = search(100, (rate, long) => rate <= (long ? 250 : 300));
  expect(found).toMatchObject({ status: "found" });
  expect((found as { readonly rate: number }).rate).toBeGreaterThan(220);
  expect((found as { readonly rate: number }).rate).toBeLessThanOrEqual(250);
});

test("where nothing holds, or nothing for long, there is no rate", () => {
  expect(search(300, () => false).found).toEqual({ status: "nothing" });
  expect(search(300, (rate, long) => !long && rate < 500).found).toEqual({ status: "nothing" });
});

test("a server that holds whatever it is asked is not asked for ever", () => {
  expect(search(1_000, () => true).found).toMatchObject({ status: "found" });
});
