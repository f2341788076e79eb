import fc from "fast-check";
import { expect, test } from "vitest";
import { fitLinear } from "./fit.ts";

test("what each kind of work takes is found again from what mixtures of it took", () => {
  const cost = fc.double({ min: 0.001, max: 100, noNaN: true });
  fc.assert(
    fc.property(cost, cost, cost, (perBatch, perBlock, perCard) => {
      const amounts = [
        [1, 1, 100],
        [10, 10, 4_000],
        [3, 30, 900],
        [1, 10, 5_000],
      ];
      const { each, worst } = fitLinear(
        amounts.map((row) => ({ amounts: row, ms: (row[0] ?? 0) * perBatch + (row[1] ?? 0) * perBlock + (row[2] ?? 0) * perCard })),
      );
      expect(worst).toBeLessThan(1e-3);
      for (const [i, is] of [perBatch, perBlock, perCard].entries()) expect(Math.abs((each[i] ?? 0) - is)).toBeLessThan(0.01 + is * 0.01);
    }),
  );
});

test("nothing costs less than nothing", () => {
  const { each } = fitLinear([
    { amounts: [1, 1], ms: 10 },
    { amounts: [1, 10], ms: 9 },
    { amounts: [1, 20], ms: 8 },
  ]);
  expect(each[0]).toBeGreaterThan(0);
  expect(each[1]).toBe(0);
});

test("the worst error is told", () => {
  const { worst } = fitLinear([
    { amounts: [1], ms: 1 },
    { amounts: [1], ms: 2 },
  ]);
  expect(worst).toBeGreaterThan(0.2);
});

test("work that was always done in the same proportion cannot be told apart", () => {
  expect(() =>
    fitLinear([
      { amounts: [1, 2], ms: 1 },
      { amounts: [2, 4], ms: 2 },
    ]),
  ).toThrow("do not tell");
});
