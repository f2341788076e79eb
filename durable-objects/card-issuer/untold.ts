import type { CardRow } from "./card.ts";
import { issuedEvent } from "./draw.ts";
import { eventLine, MAX_UNTOLD_CARDS, packLines } from "./outbox.ts";
import type { OutboxRow } from "./outbox.ts";

/** The events of issues that are in no block yet. They are not stored, for the cards are: what memory loses is made from them again. */
export class Untold {
  #lines: string[] = [];

  /** Whether a block is to be made without waiting. */
  get isFull(): boolean {
    return this.#lines.length >= MAX_UNTOLD_CARDS;
  }

  /** Cards as they were issued, once they are stored. */
  add(card: CardRow, cardId: string): void {
    this.#lines.push(eventLine(issuedEvent(card, cardId)));
  }

  rows(): OutboxRow[] {
    return packLines(this.#lines);
  }

  /** They are in a block now. */
  clear(): void {
    this.#lines = [];
  }
}
