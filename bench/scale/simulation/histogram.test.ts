import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram } from "./histogram.ts";

test("a quantile is known within two percent", () => {
  const ms = fc.double({ min: 0.02, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1, maxLength: 300 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (durations, share) => {
      const histogram = new Histogram();
      for (const one of durations) histogram.add(one);
      const sorted = durations.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? 0;
      const told = histogram.quantileMs(share) ?? 0;
      expect(told / exact).toBeGreaterThan(0.999);
      expect(told / exact).toBeLessThan(1.021);
    }),
  );
});

test("two can be added, and of nothing nothing is known", () => {
  const [one, other] = [new Histogram(), new Histogram()];
  expect(one.quantileMs(0.5)).toBeNull();
  one.add(1, 3);
  other.add(100);
  one.addAll(other);
  expect([one.count, one.largestMs]).toEqual([4, 100]);
  expect(one.quantileMs(0.75)).toBeLessThan(1.03);
});
