import { expect, test } from "vitest";
import { Histogram } from "./histogram.ts";
import { LatencySource, Random } from "./random.ts";

const MANY = 200_000;

test("the same seed gives the same numbers, another gives others", () => {
  const of = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.bits());
  };
  expect(of(1)).toEqual(of(1));
  expect(of(1)).not.toEqual(of(2));
});

test("numbers are spread evenly, and waits have their mean", () => {
  const random = new Random(3);
  const counts = [0, 0, 0, 0, 0];
  let waitedMs = 0;
  for (let i = 0; i < MANY; i += 1) {
    const n = random.whole(5);
    counts[n] = (counts[n] ?? 0) + 1;
    waitedMs += random.exponential(0.1);
  }
  for (const count of counts) expect(Math.abs(count / MANY - 0.2)).toBeLessThan(0.005);
  expect(Math.abs(waitedMs / MANY - 10)).toBeLessThan(0.15);
});

test("a latency has its median and its 99th percentile", () => {
  const source = new LatencySource(new Random(4), { medianMs: 12, p99Ms: 60 });
  const drawn = new Histogram();
  for (let i = 0; i < MANY; i += 1) drawn.add(source.draw());
  expect(Math.abs((drawn.quantileMs(0.5) ?? 0) / 12 - 1)).toBeLessThan(0.04);
  expect(Math.abs((drawn.quantileMs(0.99) ?? 0) / 60 - 1)).toBeLessThan(0.06);
});

test("a latency that is always the same is drawn as such", () => {
  const source = new LatencySource(new Random(5), { medianMs: 0, p99Ms: 0 });
  expect(source.draw()).toBe(0);
});
