import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clockParts, nextTickMs, secondsUntil } from "./countdown.ts";

const moment = fc.integer({ min: 0, max: 4_000_000_000 });

test("a countdown ends when its moment has come, and not a second sooner", () => {
  expect([0, 1, 1_000, 1_001].map((ms) => secondsUntil(5_000 + ms, 5_000))).toEqual([0, 1, 1, 2]);
  expect(secondsUntil(0, 5_000)).toBe(0);
});

test("a countdown changes at each tick by one, and never between two", () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 4_000_000_000 }), (nowMs, aheadMs) => {
      const untilMs = nowMs + aheadMs;
      const tickMs = nextTickMs(untilMs, nowMs);
      expect(tickMs).toBeGreaterThan(0);
      expect(secondsUntil(untilMs, nowMs + tickMs - 1)).toBe(secondsUntil(untilMs, nowMs));
      expect(secondsUntil(untilMs, nowMs + tickMs)).toBe(secondsUntil(untilMs, nowMs) - 1);
    }),
  );
});

test("days, hours, minutes and seconds are the seconds again", () => {
  fc.assert(
    fc.property(moment, (total) => {
      const [days, hours, minutes, seconds] = clockParts(total);
      expect(days * 86_400 + hours * 3_600 + minutes * 60 + seconds).toBe(total);
      expect([hours < 24, minutes < 60, seconds < 60]).toEqual([true, true, true]);
    }),
  );
});
