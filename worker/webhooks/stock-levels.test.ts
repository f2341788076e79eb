import { expect, test } from "vitest";
import { levelChanges } from "./stock-levels.ts";
import type { KnownLevel } from "./stock-levels.ts";

/** Walks a prize of ten cards through what is left of it, and gives each change with whether it fell. */
function walk(...left: readonly number[]): (readonly [string, number, boolean])[] {
  const known: KnownLevel[] = [];
  return left.flatMap((remaining) =>
    levelChanges(known, [{ prize: "coupon", loaded: 10, issued: 10 - remaining, remaining }]).map((change) => {
      known.splice(0, 1, change);
      return [change.level, change.changes, change.fell] as const;
    }),
  );
}

test("a prize is low at a tenth, sold out at none, and each is said once", () => {
  expect(walk(10, 5, 2, 1, 1, 0, 0)).toEqual([
    ["low", 1, true],
    ["sold_out", 2, true],
  ]);
});

test("a prize that goes at once is sold out and never low", () => {
  expect(walk(10, 0)).toEqual([["sold_out", 1, true]]);
});

test("what is loaded again can run low again, under another number", () => {
  expect(walk(1, 0, 5, 1)).toEqual([
    ["low", 1, true],
    ["sold_out", 2, true],
    ["plenty", 3, false],
    ["low", 4, true],
  ]);
});

test("a prize of which there never was any is no news", () => {
  expect(levelChanges([], [{ prize: "thanks", loaded: 0, issued: 7, remaining: 0 }])).toEqual([]);
});
