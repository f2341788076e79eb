import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyCoverage, type Stroke } from "./coverage.ts";
import { addStroke, packStrokes, unpackStrokes } from "./strokes.ts";

const [WIDTH, HEIGHT] = [326, 217];
/** The way of a finger: places, each a few pixels from the last. */
const way = fc
  .array(fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true })), {
    minLength: 2,
    maxLength: 120,
  })
  .map((moves) => {
    let at = { x: WIDTH / 2, y: HEIGHT / 2 };
    return moves.map(([dx, dy]): Stroke => {
      const from = at;
      at = { x: Math.min(WIDTH, Math.max(0, at.x + dx)), y: Math.min(HEIGHT, Math.max(0, at.y + dy)) };
      return { from, to: at, r: 20 };
    });
  });
const coveredBy = (strokes: readonly Stroke[], width = WIDTH) => {
  const coverage = emptyCoverage();
  for (const stroke of strokes) coverage.mark(stroke, width, (width * HEIGHT) / WIDTH);
  return coverage.percent();
};
const kept = (strokes: readonly Stroke[]) => {
  const list: Stroke[] = [];
  for (const stroke of strokes) addStroke(list, stroke);
  return list;
};

test("what is kept uncovers what was scratched, with fewer strokes", () => {
  fc.assert(
    fc.property(way, (strokes) => {
      const list = kept(strokes);
      expect(list.length).toBeLessThanOrEqual(strokes.length);
      expect(Math.abs(coveredBy(list) - coveredBy(strokes))).toBeLessThan(2);
    }),
  );
});

test("what is kept does not grow without bound", () => {
  const tap: Stroke = { from: { x: 0, y: 0 }, to: { x: 9, y: 9 }, r: 20 };
  const packed = packStrokes(kept(Array.from({ length: 5_000 }, () => tap)), WIDTH);
  expect(JSON.stringify(packed).length).toBeLessThan(16_000);
});

test("what was packed uncovers the same share of any screen", () => {
  fc.assert(
    fc.property(way, fc.integer({ min: 250, max: 800 }), (strokes, width) => {
      expect(Math.abs(coveredBy(unpackStrokes(packStrokes(strokes, WIDTH), width), width) - coveredBy(strokes))).toBeLessThan(2);
    }),
  );
});

test("what is no packed stroke is left out", () => {
  expect(unpackStrokes([1, 2, 3], WIDTH)).toEqual([]);
});
