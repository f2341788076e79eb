/** One measurement: how much of each kind of work was done, and what all of it took. */
export interface Measured {
  readonly amounts: readonly number[];
  readonly ms: number;
}

export interface Fit {
  /** What one of each kind takes, in milliseconds; never less than nothing. */
  readonly each: readonly number[];
  /** The largest difference between what was measured and what the fit says, by what was measured. */
  readonly worst: number;
}

/**
 * What each kind of work takes, by least squares of the relative errors, so that short measurements weigh as much as long ones. A kind that would come
 * out below nothing is taken to cost nothing, and the others are fitted anew.
 */
export function fitLinear(measured: readonly Measured[]): Fit {
  const rows = measured.filter(({ ms }) => ms > 0);
  const kinds = rows[0]?.amounts.length ?? 0;
  let kept = Array.from({ length: kinds }, (_, kind) => kind).filter((kind) => rows.some(({ amounts }) => (amounts[kind] ?? 0) > 0));
  for (;;) {
    const solved = solve(rows, kept);
    const lowest = Math.min(...solved);
    if (kept.length === 0 || lowest >= 0) {
      const each = Array.from({ length: kinds }, (_, kind) => solved[kept.indexOf(kind)] ?? 0);
      return { each, worst: Math.max(0, ...rows.map(({ amounts, ms }) => Math.abs(total(amounts, each) - ms) / ms)) };
    }
    kept = kept.filter((_, i) => solved[i] !== lowest);
  }
}

function total(amounts: readonly number[], each: readonly number[]): number {
  return amounts.reduce((sum, amount, kind) => sum + amount * (each[kind] ?? 0), 0);
}

/** The normal equations of `kept`, each row divided by its milliseconds, solved by Gauss and Jordan. */
function solve(rows: readonly Measured[], kept: readonly number[]): number[] {
  const scaled = rows.map(({ amounts, ms }) => kept.map((kind) => (amounts[kind] ?? 0) / ms));
  const matrix = kept.map((_, i) => [
    ...kept.map((__, j) => scaled.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)),
    scaled.reduce((sum, row) => sum + (row[i] ?? 0), 0),
  ]);
  for (let column = 0; column < kept.length; column += 1) {
    const size = (row: number) => Math.abs(matrix[row]?.[column] ?? 0);
    let pivot = column;
    for (let row = column + 1; row < kept.length; row += 1) if (size(row) > size(pivot)) pivot = row;
    const [top, other] = [matrix[pivot] ?? [], matrix[column] ?? []];
    const head = top[column] ?? 0;
    if (head === 0) throw new Error("these measurements do not tell the kinds of work apart");
    const unit = top.map((value) => value / head);
    matrix[pivot] = other;
    matrix[column] = unit;
    for (let row = 0; row < kept.length; row += 1) {
      const factor = matrix[row]?.[column] ?? 0;
      if (row !== column) matrix[row] = (matrix[row] ?? []).map((value, i) => value - factor * (unit[i] ?? 0));
    }
  }
  return matrix.map((row) => row.at(-1) ?? 0);
}
