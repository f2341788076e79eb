import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";

test("the same seed says the same, another seed something else", () => {
  const said = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 20 }, () => random.int(1, 1_000_000));
  };
  expect(said(7)).toEqual(said(7));
  expect(said(7)).not.toEqual(said(8));
});

test("whole numbers lie between their bounds, and reach both", () => {
  const random = seededRandom(1);
  const numbers = new Set(Array.from({ length: 1_000 }, () => random.int(3, 6)));
  expect([...numbers].toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6]);
});
