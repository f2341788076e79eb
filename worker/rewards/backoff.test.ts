import * as fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the delay is two seconds six times, then doubles up to an hour, less up to half of it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), jitter, (attempts, throwOfDice) => {
      const wholeMs = attempts <= 6 ? 2_000 : Math.min(3_600_000, 2_000 * 2 ** (attempts - 6));
      expect(backoffMs(attempts, throwOfDice)).toBeGreaterThanOrEqual(wholeMs / 2);
      expect(backoffMs(attempts, throwOfDice)).toBeLessThanOrEqual(wholeMs);
    }),
  );
});

test("the provider's wish is a floor", () => {
  expect(backoffMs(1, 0, 60_000)).toBe(60_000);
  expect(backoffMs(12, 0, 1_000)).toBe(backoffMs(12, 0));
});
