import type { SegmentOptions } from "../protocol.ts";
import { releasedBy } from "./moments.ts";

/** When and how far a segment's cards may be leased. */
export interface SegmentTerms {
  readonly options: SegmentOptions;
  /** Cards of one deck. */
  readonly size: number;
  /** Decks made so far. */
  readonly decks: number;
  /** Position of the first card not yet leased; positions go on from deck to deck. */
  readonly next: number;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
  /** Release times in the order of positions; null: all cards are there from the opening. */
  readonly moments: Float64Array | null;
}

/** Whether the segment's cards may be leased now, those that were given back included. */
export function isOpen(terms: SegmentTerms, nowMs: number): boolean {
  return (terms.opensAtMs === null || terms.opensAtMs <= nowMs) && !isOver(terms, nowMs);
}

/** Whether nothing of the segment will be leased any more. */
export function isOver({ closesAtMs, options }: SegmentTerms, nowMs: number): boolean {
  return closesAtMs !== null && closesAtMs <= nowMs && options.leftover === "withhold";
}

/** How many cards may be leased now that never were. */
export function freshCards(segment: SegmentTerms, nowMs: number): number {
  if (!isOpen(segment, nowMs)) return 0;
  const { moments, size, decks, next } = segment;
  return (moments === null ? size * decks : releasedBy(moments, nowMs)) - next;
}

/** When cards come into play next that are not there yet; null: never. */
export function laterCardsAt({ opensAtMs, size, decks, next, moments }: SegmentTerms, nowMs: number): number | null {
  if (next >= size * decks) return null;
  if (opensAtMs !== null && nowMs < opensAtMs) return opensAtMs;
  return moments === null ? null : (moments[releasedBy(moments, nowMs)] ?? null);
}

/** From when on an issuer may not issue what it holds of the segment. */
export function issuableUntil({ closesAtMs, options }: SegmentTerms): number | null {
  return options.leftover === "withhold" ? closesAtMs : null;
}

/** Whether another deck may follow. */
export function mayRepeat({ options: { repeat }, decks }: SegmentTerms): boolean {
  return repeat !== null && (repeat.maxDecks === null || decks < repeat.maxDecks);
}

/** A further deck is made when less than this share of one is left, so that no lease waits for the shuffle of an empty deck. */
const LOW_DECK_SHARE = 0.25;

export function needsDeck(segment: SegmentTerms): boolean {
  const { size, decks, next } = segment;
  return mayRepeat(segment) && size * decks - next < size * LOW_DECK_SHARE;
}
