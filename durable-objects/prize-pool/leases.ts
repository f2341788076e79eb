import { freshCards, isOpen, mayRepeat } from "./segment.ts";
import type { SegmentTerms } from "./segment.ts";

/** A lease larger than this would be a message of more than a megabyte. */
export const MAX_LEASE_CARDS = 20_000;
/** When fewer cards than this are left for each shard, nobody is to ask ahead of its need. */
const LOW_CARDS_PER_SHARD = 4;

export interface LeasableSegment extends SegmentTerms {
  readonly segment: number;
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
 * left: two files uploaded before the start are dealt as one mixed stock. A lease stays within one deck. Null: there is nothing to lease now.
 */
export function chooseLease(
  segments: readonly LeasableSegment[],
  returned: readonly { readonly run: number; readonly segment: number; readonly cards: number }[],
  ask: LeaseAsk,
): LeaseChoice | null {
  const open = segments.filter((segment) => isOpen(segment, ask.nowMs));
  const openIds = new Set(open.map(({ segment }) => segment));
  const back = returned.filter(({ segment }) => openIds.has(segment));
  const fresh = open.map((segment) => ({ segment, cards: freshCards(segment, ask.nowMs) }));
  const freshInAll = fresh.reduce((sum, { cards }) => sum + cards, 0);
  const returnedInAll = back.reduce((sum, { cards }) => sum + cards, 0);
  if (freshInAll + returnedInAll === 0) return null;
  const remaining = open.some(mayRepeat) ? Infinity : freshInAll + returnedInAll;
  const fair = Math.max(1, Math.min(Math.floor(remaining / (2 * ask.shards)), ask.want, MAX_LEASE_CARDS));
  const low = remaining - fair < LOW_CARDS_PER_SHARD * ask.shards;
  const [run] = back;
  if (run !== undefined) return { from: "returned", run: run.run, cards: Math.min(fair, run.cards), low };
  let mark = ask.random * freshInAll;
  const chosen = fresh.find(({ cards }) => (mark -= cards) < 0) ?? fresh.findLast(({ cards }) => cards > 0);
  if (chosen === undefined) return null;
  const { segment, next, size } = chosen.segment;
  return { from: "segment", segment, start: next, cards: Math.min(fair, chosen.cards, size - (next % size)), low };
}
