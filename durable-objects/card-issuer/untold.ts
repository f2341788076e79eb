import { MAX_UNTOLD_CARDS, packLines } from "./outbox.ts";
import type { OutboxRow } from "./outbox.ts";

/** The events of issues that are in no block yet. They are not stored, for the cards are: what memory loses is made from them again. */
export class Untold {
  #lines: string[] = [];

  /** Whether a block is to be made without waiting. */
  get isFull(): boolean {
    return this.#lines.length >= MAX_UNTOLD_CARDS;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** The event of a card's issue, once the card is stored. */
  add(line: string): void {
    this.#lines.push(line);
  }

  rows(): OutboxRow[] {
    return packLines(this.#lines);
  }

  /** They are in a block now. */
  clear(): void {
    this.#lines = [];
  }
}
