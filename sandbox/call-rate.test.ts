import { expect, test } from "vitest";
import { CallRate } from "./call-rate.ts";

const ALL = [0, Number.MAX_SAFE_INTEGER] as const;

test("a burst across the border of two seconds is seen whole", () => {
  const rate = new CallRate();
  for (let i = 0; i < 50; i += 1) rate.record(1_900, false);
  for (let i = 0; i < 50; i += 1) rate.record(2_100, false);
  expect(rate.summary(...ALL)).toMatchObject({ calls: 100, peakPerSecond: 50, peakInAnySecond: 100 });
});

test("calls a whole second apart are not in the same second", () => {
  const rate = new CallRate();
  for (let ms = 0; ms < 10_000; ms += 1_000) rate.record(ms, false);
  expect(rate.summary(...ALL)).toMatchObject({ calls: 10, peakPerSecond: 1, peakInAnySecond: 1 });
});

test("a steady rate has that rate as its peak", () => {
  const rate = new CallRate();
  for (let ms = 0; ms < 60_000; ms += 5) rate.record(ms, ms >= 30_000);
  expect(rate.summary(...ALL)).toMatchObject({ calls: 12_000, whileFaulty: 6_000, peakPerSecond: 200, peakInAnySecond: 200 });
});

test("a summary covers the seconds asked for", () => {
  const rate = new CallRate();
  for (const ms of [1_000, 2_000, 3_000]) rate.record(ms, false);
  expect(rate.summary(2_000, 3_000)).toMatchObject({ calls: 1, seconds: [{ atMs: 2_000 }] });
});

test("the oldest seconds are forgotten", () => {
  const rate = new CallRate();
  for (let second = 0; second < 7_300; second += 1) rate.record(second * 1_000, false);
  expect(rate.summary(...ALL).seconds).toHaveLength(7_200);
});
