import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyCoverage, type Stroke } from "./coverage.ts";

const [WIDTH, HEIGHT] = [326, 217];
const stroke = (x1: number, y1: number, x2: number, y2: number, r: number): Stroke => ({ from: { x: x1, y: y1 }, to: { x: x2, y: y2 }, r });

describe("coverage", () => {
  test("is nothing before the first stroke", () => {
    expect(emptyCoverage().percent()).toBe(0);
  });

  test("of a dot is the dot's share of the panel, within the grid's accuracy", () => {
    const coverage = emptyCoverage();
    coverage.mark(stroke(163, 108, 163, 108, 40), WIDTH, HEIGHT);
    expect(coverage.percent()).toBeCloseTo((Math.PI * 40 ** 2 * 100) / (WIDTH * HEIGHT), 0);
  });

  test("of one stroke is the same in one piece and in many", () => {
    const [whole, pieces] = [emptyCoverage(), emptyCoverage()];
    whole.mark(stroke(20, 60, 300, 60, 20), WIDTH, HEIGHT);
    for (let x = 20; x < 300; x += 7) pieces.mark(stroke(x, 60, x + 7, 60, 20), WIDTH, HEIGHT);
    expect(pieces.percent()).toBe(whole.percent());
  });

  test("never falls, never passes 100, and counts nothing twice", () => {
    const anywhere = fc.integer({ min: -200, max: 600 });
    fc.assert(
      fc.property(fc.array(fc.tuple(anywhere, anywhere, anywhere, anywhere), { maxLength: 20 }), (strokes) => {
        const coverage = emptyCoverage();
        for (const [x1, y1, x2, y2] of strokes) {
          const before = coverage.percent();
          coverage.mark(stroke(x1, y1, x2, y2, 21), WIDTH, HEIGHT);
          const once = coverage.percent();
          coverage.mark(stroke(x1, y1, x2, y2, 21), WIDTH, HEIGHT);
          expect(coverage.percent()).toBe(once);
          expect(once).toBeGreaterThanOrEqual(before);
        }
        expect(coverage.percent()).toBeLessThanOrEqual(100);
      }),
    );
  });
});
