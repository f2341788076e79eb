/** A lease larger than this would be a message of more than a megabyte. */
export const MAX_LEASE_CARDS = 20_000;
/** When fewer cards than this are left for each shard, nobody is to ask ahead of its need. */
const LOW_CARDS_PER_SHARD = 4;

export interface LeasableSegment {
  readonly segment: number;
  readonly size: number;
  /** Position of the first card not yet leased. */
  readonly next: number;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

export interface LeaseAsk {
  readonly shards: number;
  /** Cards that the shard would use within its horizon. */
  readonly want: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export type LeaseChoice =
  | { readonly from: "returned"; readonly run: number; readonly cards: number; readonly low: boolean }
  | { readonly from: "segment"; readonly segment: number; readonly start: number; readonly cards: number; readonly low: boolean };

/**
 * What the next lease is: `clamp(remaining ÷ (2·shards), 1, want)` cards, so that the last of the stock is spread thin rather than
 * held by one issuer. What issuers gave back goes first. Among several open segments the choice is random, weighted by what each has
 * left: two files uploaded before the start are dealt as one mixed stock. Null: there is nothing to lease now.
 */
export function chooseLease(
  segments: readonly LeasableSegment[],
  returned: readonly { readonly run: number; readonly segment: number; readonly cards: number }[],
  ask: LeaseAsk,
): LeaseChoice | null {
  const open = segments.filter((segment) => isOpen(segment, ask.nowMs));
  const openIds = new Set(open.map(({ segment }) => segment));
  const back = returned.filter(({ segment }) => openIds.has(segment));
  const fresh = open.reduce((sum, { size, next }) => sum + size - next, 0);
  const remaining = fresh + back.reduce((sum, { cards }) => sum + cards, 0);
  if (remaining === 0) return null;
  const fair = Math.max(1, Math.min(Math.floor(remaining / (2 * ask.shards)), ask.want, MAX_LEASE_CARDS));
  const low = remaining - fair < LOW_CARDS_PER_SHARD * ask.shards;
  const [run] = back;
  if (run !== undefined) return { from: "returned", run: run.run, cards: Math.min(fair, run.cards), low };
  let mark = ask.random * fresh;
  const chosen = open.find(({ size, next }) => (mark -= size - next) < 0) ?? open.findLast(({ size, next }) => next < size);
  if (chosen === undefined) return null;
  const { segment, next, size } = chosen;
  return { from: "segment", segment, start: next, cards: Math.min(fair, size - next), low };
}

function isOpen({ opensAtMs, closesAtMs }: LeasableSegment, nowMs: number): boolean {
  return (opensAtMs === null || opensAtMs <= nowMs) && (closesAtMs === null || nowMs < closesAtMs);
}

/** Whether stock will open that is not open yet. */
export function hasLaterStock(segments: readonly LeasableSegment[], nowMs: number): boolean {
  return segments.some(({ opensAtMs, size, next }) => next < size && opensAtMs !== null && nowMs < opensAtMs);
}
