import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../soak/random.ts";
import { arrivals, lengthMs, spike, steady } from "./shape.ts";

const rate = fc.integer({ min: 0, max: 2_000 });
const shapes = fc.array(fc.record({ name: fc.constant(""), ms: fc.integer({ min: 1, max: 5_000 }), from: rate, to: rate }), {
  minLength: 1,
  maxLength: 5,
});
const seeds = fc.integer({ min: 0 });

test("arrivals come in order and within the shape", () => {
  fc.assert(
    fc.property(shapes, seeds, (shape, seed) => {
      const times = arrivals(shape, seededRandom(seed));
      expect(times.every((time, i) => time >= (times[i - 1] ?? 0))).toBe(true);
      expect(times.every((time) => time >= 0 && time <= lengthMs(shape))).toBe(true);
    }),
  );
});

test("as many come in each stretch as its rate says, but for chance", () => {
  fc.assert(
    fc.property(shapes, seeds, (shape, seed) => {
      const times = arrivals(shape, seededRandom(seed));
      let beginMs = 0;
      for (const { ms, from, to } of shape) {
        const endMs = beginMs + ms;
        const came = times.filter((time) => time > beginMs && time <= endMs).length;
        const expected = (((from + to) / 2) * ms) / 1_000;
        // Eight standard deviations, and one: never by chance.
        expect(Math.abs(came - expected)).toBeLessThanOrEqual(8 * Math.sqrt(expected) + 10);
        beginMs = endMs;
      }
    }),
  );
});

test("a rate that rises has its arrivals late: a quarter of them in the first half", () => {
  const times = arrivals([{ name: "rise", ms: 10_000, from: 0, to: 10_000 }], seededRandom(1));
  const early = times.filter((time) => time < 5_000).length;
  expect(early / times.length).toBeCloseTo(0.25, 1);
});

test("chance has arrivals fall together as people's do, and not at even steps", () => {
  const times = arrivals(steady(1_000, 10_000), seededRandom(2));
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  const long = gaps.filter((gap) => gap > 1).length / gaps.length;
  expect(long).toBeCloseTo(Math.exp(-1), 1);
});

test("a spike is at its peak after two seconds, and leaves a tenth", () => {
  const shape = spike(1_000, { holdMs: 3_000, drainMs: 4_000, afterMs: 5_000 });
  expect(shape.map(({ name, ms, from, to }) => [name, ms, from, to])).toEqual([
    ["rise", 2_000, 0, 1_000],
    ["hold", 3_000, 1_000, 1_000],
    ["fall", 2_000, 1_000, 100],
    ["drain", 4_000, 100, 100],
    ["after", 5_000, 100, 100],
  ]);
  expect(lengthMs(shape)).toBe(16_000);
});
