/** What is paid for, as the platform counts it. Names are `where: what`, as in `issuer: rows written`. */
export type Counts = Readonly<Record<string, number>>;

/** What was counted between two readings. */
export function countsBetween(before: Counts, after: Counts): Counts {
  const between = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(between.filter(([, count]) => count > 0));
}

/** The sum of all counts whose name fits. */
export function sumOf(counts: Counts, fits: (name: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [name, count]) => (fits(name) ? sum + count : sum), 0);
}
