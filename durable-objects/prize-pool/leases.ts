/** A lease larger than this would be a message of more than a megabyte. */
export const MAX_LEASE_CARDS = 20_000;

export interface LeasableSegment {
  readonly segment: number;
  readonly size: number;
  /** Position of the first card not yet leased. */
  readonly next: number;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

export interface LeaseChoice {
  readonly segment: number;
  readonly start: number;
  readonly cards: number;
}

/**
 * What the next lease is: `clamp(remaining ÷ (2·shards), 1, want)` cards, so that the last of the stock is spread thin rather than
 * held by one issuer. Among several open segments the choice is random, weighted by what each has left: two files uploaded
 * before the start are dealt as one mixed stock. `random` is in [0, 1). Null: nothing is left to lease.
 */
export function chooseLease(
  segments: readonly LeasableSegment[],
  ask: { readonly shards: number; readonly want: number; readonly nowMs: number; readonly random: number },
): LeaseChoice | null {
  const open = segments.filter(
    (s) => s.next < s.size && (s.opensAtMs === null || s.opensAtMs <= ask.nowMs) && (s.closesAtMs === null || ask.nowMs < s.closesAtMs),
  );
  const remaining = open.reduce((sum, { size, next }) => sum + size - next, 0);
  if (remaining === 0) return null;
  let mark = ask.random * remaining;
  const chosen = open.find(({ size, next }) => (mark -= size - next) < 0) ?? open.at(-1);
  if (chosen === undefined) return null;
  const fair = Math.floor(remaining / (2 * ask.shards));
  const cards = Math.min(Math.max(1, Math.min(fair, ask.want, MAX_LEASE_CARDS)), chosen.size - chosen.next);
  return { segment: chosen.segment, start: chosen.next, cards };
}
