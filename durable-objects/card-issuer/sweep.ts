import { packEvents } from "./outbox.ts";
import type { CardEvent } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import { returnStock } from "./flush.ts";
import { expireCard } from "./lifecycle.ts";
import type { CardContext } from "./lifecycle.ts";
import type { IssuerStorage } from "./storage.ts";

/** Cards looked at in one step of a sweep: some milliseconds. */
const CARDS_PER_STEP = 500;

export interface Swept {
  /** When to sweep again; null: no card waits for its expiry. */
  readonly nextMs: number | null;
}

/**
 * Expires cards in the order of their issue, one bounded step, inside one transaction. Cards are issued with rising expiry, so the first that is not
 * due ends the step; a card that expires earlier, because the campaign's rule was changed, is refused to its owner all the same, and swept in its turn.
 */
export function sweepExpired(
  storage: IssuerStorage,
  context: Omit<CardContext, "cardId"> & { readonly cardId: (seq: number) => string },
): Swept {
  const [first] = storage.cardsToSweep(1);
  if (first === undefined) return { nextMs: null };
  if (!isDue(first, context.nowMs)) return { nextMs: first.expiresAtMs };
  const cards = storage.cardsToSweep(CARDS_PER_STEP);
  const events: CardEvent[] = [];
  const expired: CardRow[] = [];
  let sweptSeq = 0;
  let waitsForMs: number | null = null;
  for (const card of cards) {
    if (!isDue(card, context.nowMs)) {
      waitsForMs = card.expiresAtMs;
      break;
    }
    sweptSeq = card.seq;
    const ended = expireCard(card, { ...context, cardId: context.cardId(card.seq) });
    if (ended === null) continue;
    expired.push(ended.card);
    events.push(ended.event);
  }
  if (sweptSeq > 0) storage.markSwept(sweptSeq);
  if (expired.length > 0) {
    storage.updateCards(expired);
    storage.addToOutbox(packEvents(events));
  }
  const more = waitsForMs === null && cards.length === CARDS_PER_STEP;
  returnStock(storage, expired);
  return { nextMs: more ? context.nowMs : waitsForMs };
}

/** Whether the sweep has passed a card: it has expired, or never will. */
function isDue({ expiresAtMs }: CardRow, nowMs: number): boolean {
  return expiresAtMs === null || expiresAtMs <= nowMs;
}
