/** How often each of some kinds was seen in each of some places: `seen[kind][place]`. */
export type Table = readonly (readonly number[])[];

/** Pearson's chi-square of a table against independence of its rows and columns, and its degrees of freedom. */
export function chiSquare(seen: Table): { readonly statistic: number; readonly freedom: number } {
  const rows = seen.map((row) => row.reduce((sum, n) => sum + n, 0));
  const columns = (seen[0] ?? []).map((_, place) => seen.reduce((sum, row) => sum + (row[place] ?? 0), 0));
  const all = rows.reduce((sum, n) => sum + n, 0);
  let statistic = 0;
  for (const [kind, row] of seen.entries()) {
    for (const [place, n] of row.entries()) {
      const expected = ((rows[kind] ?? 0) * (columns[place] ?? 0)) / all;
      statistic += (n - expected) ** 2 / expected;
    }
  }
  return { statistic, freedom: (rows.length - 1) * (columns.length - 1) };
}

/** The normal quantile of 0.999: what chance exceeds once in a thousand. */
const Z_999 = 3.090232306167813;

/**
 * What chi-square exceeds by chance once in a thousand, by Wilson and Hilferty's cube (1931): k·(1 − 2⁄9k + z·√(2⁄9k))³; within 1 % from ten degrees
 * of freedom on.
 */
export function onceInAThousand(freedom: number): number {
  const ninth = 2 / (9 * freedom);
  return freedom * (1 - ninth + Z_999 * Math.sqrt(ninth)) ** 3;
}
