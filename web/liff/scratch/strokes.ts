import type { Stroke } from "./coverage.ts";

/** A minute of scratching; what comes after it is drawn, and not kept. */
const MAX_STROKES = 600;
/** A stroke shorter than this share of its brush goes on in the next one: nobody sees the corner that is lost. */
const SHORT = 0.3;
/** Coordinates are kept in thousandths of the panel's width: the same foil on a screen that was turned. */
const UNITS = 1_000;
const NUMBERS_A_STROKE = 5;

/** Adds a stroke to those that are kept, in place: a finger makes some hundred a second, most of them a pixel long. */
export function addStroke(strokes: Stroke[], stroke: Stroke): void {
  const last = strokes.at(-1);
  const goesOn = last !== undefined && last.to.x === stroke.from.x && last.to.y === stroke.from.y;
  if (goesOn && Math.hypot(last.to.x - last.from.x, last.to.y - last.from.y) < SHORT * last.r) {
    strokes[strokes.length - 1] = { from: last.from, to: stroke.to, r: Math.max(last.r, stroke.r) };
  } else if (strokes.length < MAX_STROKES) {
    strokes.push(stroke);
  }
}

/** Strokes on a panel of `width` as whole numbers, five a stroke, for a browser's store. */
export function packStrokes(strokes: readonly Stroke[], width: number): number[] {
  return strokes.flatMap(({ from, to, r }) => [from.x, from.y, to.x, to.y, r].map((length) => Math.round((length / width) * UNITS)));
}

/** The strokes that were packed, on a panel of `width`. */
export function unpackStrokes(packed: readonly number[], width: number): Stroke[] {
  const lengths = packed.map((units) => (units / UNITS) * width);
  return Array.from({ length: Math.floor(lengths.length / NUMBERS_A_STROKE) }, (_, i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, r = 0] = lengths.slice(i * NUMBERS_A_STROKE);
    return { from: { x: x1, y: y1 }, to: { x: x2, y: y2 }, r };
  });
}
