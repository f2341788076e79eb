/** How many cards of each ordinal a run holds. */
export function countOrdinals(ordinals: Uint16Array, prizes: number): number[] {
  const counts = Array.from({ length: prizes }, () => 0);
  for (const ordinal of ordinals) counts[ordinal] = (counts[ordinal] ?? 0) + 1;
  return counts;
}
