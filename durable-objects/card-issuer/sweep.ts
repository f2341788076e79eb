import { packEvents } from "./outbox.ts";
import type { CardEvent } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import { returnStock } from "./flush.ts";
import { expireCard } from "./lifecycle.ts";
import type { CardContext } from "./lifecycle.ts";
import type { IssuerStorage } from "./storage/storage.ts";
import type { SweepRange } from "./storage/sweeps.ts";

/** Cards looked at in one step of a sweep: some milliseconds. */
const CARDS_PER_STEP = 500;

export interface Swept {
  /** When to sweep again; null: no card waits for its expiry. */
  readonly nextMs: number | null;
}

type SweepContext = Omit<CardContext, "cardId"> & { readonly cardId: (seq: number) => string };

/**
 * Expires cards in the order of their issue, in bounded steps, inside one transaction. Cards that were issued under one rule expire in that order, so the
 * first that is not due ends a step; a changed rule begins a range of its own, which is swept beside those before it.
 */
export function sweepExpired(storage: IssuerStorage, context: SweepContext): Swept {
  const nexts = storage.sweeps.ranges().map((range) => sweepRange(storage, range, context));
  const dues = nexts.filter((nextMs) => nextMs !== null);
  return { nextMs: dues.length === 0 ? null : Math.min(...dues) };
}

function sweepRange(storage: IssuerStorage, range: SweepRange, context: SweepContext): number | null {
  const [first] = storage.sweeps.cards(range, 1);
  if (first === undefined) {
    if (range.endSeq !== null) storage.sweeps.drop(range);
    return null;
  }
  if (!isDue(first, context.nowMs)) return first.expiresAtMs;
  const cards = storage.sweeps.cards(range, CARDS_PER_STEP);
  const waiting = cards.findIndex((card) => !isDue(card, context.nowMs));
  const due = waiting === -1 ? cards : cards.slice(0, waiting);
  const events: CardEvent[] = [];
  const expired: CardRow[] = [];
  for (const card of due) {
    const ended = expireCard(card, { ...context, cardId: context.cardId(card.seq) });
    if (ended === null) continue;
    expired.push(ended.card);
    events.push(ended.event);
  }
  storage.sweeps.mark(range, due.at(-1)?.seq ?? range.sweptSeq);
  if (expired.length > 0) {
    storage.cards.updateCards(expired);
    storage.outbox.add(packEvents(events));
  }
  returnStock(storage, expired);
  if (waiting !== -1) return cards[waiting]?.expiresAtMs ?? null;
  return cards.length === CARDS_PER_STEP || range.endSeq !== null ? context.nowMs : null;
}

/** Whether the sweep may pass a card: it has expired, or never will. */
function isDue({ expiresAtMs }: CardRow, nowMs: number): boolean {
  return expiresAtMs === null || expiresAtMs <= nowMs;
}
