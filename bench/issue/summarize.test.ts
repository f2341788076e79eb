import { expect, test } from "vitest";
import { figureOf, median, ratioOf } from "./summarize.ts";
import type { Sample } from "./summarize.ts";
import type { Variant, VariantName } from "./variants.ts";

const sample = (answered: number, over: Partial<Sample> = {}): Sample => ({
  answered,
  failed: 0,
  seconds: 2,
  p50Ms: 1,
  p99Ms: 2,
  busy: 0.5,
  serverCpuMs: 1_000,
  ...over,
});
const draw: Variant = { name: "draw", what: "", draws: 1 };
const bulk: Variant = { name: "bulk", what: "", draws: 100 };

test("the median lies in the middle, or between the two that do", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test("a figure is the median of the rounds, in requests and in draws", () => {
  expect(figureOf(bulk, [sample(100), sample(4), sample(200)])).toMatchObject({
    requestsPerSecond: 50,
    drawsPerSecond: 5_000,
    serverCpuMicrosPerRequest: 10_000,
  });
  expect(figureOf({ ...draw, draws: 0 }, [sample(100, { serverCpuMs: null })])).toMatchObject({
    drawsPerSecond: null,
    serverCpuMicrosPerRequest: null,
  });
});

test("a ratio is of draws and within a round: a slow round slows both", () => {
  const samples = new Map<VariantName, Sample[]>([
    ["draw", [sample(1_000), sample(100), sample(1_000)]],
    ["bulk", [sample(200), sample(20), sample(300)]],
  ]);
  expect(ratioOf({ name: "", of: "bulk", by: "draw", target: 10 }, [draw, bulk], samples)).toEqual({
    median: 20,
    rounds: [20, 20, 30],
    target: 10,
  });
});
