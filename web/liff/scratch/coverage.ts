/** Cells across and down; the panel is three by two. A cell is smaller than a fingertip, which is all the accuracy that a percentage needs. */
const COLUMNS = 48;
const ROWS = 32;

/** A place on the panel, in CSS pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A round brush, drawn from one place to another. */
export interface Stroke {
  readonly from: Point;
  readonly to: Point;
  readonly r: number;
}

export interface Coverage {
  percent(): number;
  /** Marks what a stroke uncovers on a panel of `width` by `height`. */
  mark(stroke: Stroke, width: number, height: number): void;
}

/**
 * How much of the foil is off, kept as a coarse grid that every stroke marks. Reading the canvas back instead would stall a slow phone's
 * graphics for the same answer.
 */
export function emptyCoverage(): Coverage {
  const cells = new Uint8Array(COLUMNS * ROWS);
  let marked = 0;
  return {
    percent: () => (marked * 100) / cells.length,
    mark: ({ from, to, r }, width, height) => {
      const [cellWidth, cellHeight] = [width / COLUMNS, height / ROWS];
      const last = { x: cellAt(Math.max(from.x, to.x) + r, cellWidth, COLUMNS), y: cellAt(Math.max(from.y, to.y) + r, cellHeight, ROWS) };
      for (let row = cellAt(Math.min(from.y, to.y) - r, cellHeight, ROWS); row <= last.y; row++) {
        for (let column = cellAt(Math.min(from.x, to.x) - r, cellWidth, COLUMNS); column <= last.x; column++) {
          const cell = row * COLUMNS + column;
          const centre = { x: (column + 0.5) * cellWidth, y: (row + 0.5) * cellHeight };
          if (cells[cell] === 1 || distanceToSegment(centre, from, to) > r) continue;
          cells[cell] = 1;
          marked += 1;
        }
      }
    },
  };
}

function cellAt(position: number, size: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(position / size)));
}

function distanceToSegment(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}
