/** How a segment's positions stand in the ledger. */
export interface PositionCount {
  /** Of all decks dealt. */
  readonly positions: number;
  /** Of them, those in some card. */
  readonly inLedger: number;
  /** The highest of these; null: there is none. */
  readonly highest: number | null;
  /** Below the highest, those in no card. */
  readonly missing: number;
}

/** Positions of one segment that were seen, a bit each. */
export class Positions {
  readonly #positions: number;
  readonly #seen: Uint8Array;
  readonly #live: Uint8Array;
  #inLedger = 0;
  #highest: number | null = null;

  constructor(positions: number) {
    this.#positions = positions;
    this.#seen = new Uint8Array(Math.ceil(positions / 8));
    this.#live = new Uint8Array(this.#seen.length);
  }

  /** A card came from a position, which it may have given back. */
  see(position: number): void {
    if (mark(this.#seen, position)) this.#inLedger += 1;
    this.#highest = Math.max(position, this.#highest ?? 0);
  }

  /** A card has a position to itself; false: another has it. */
  take(position: number): boolean {
    return mark(this.#live, position);
  }

  count(): PositionCount {
    const highest = this.#highest;
    const missing = highest === null ? 0 : highest + 1 - this.#inLedger;
    return { positions: this.#positions, inLedger: this.#inLedger, highest, missing };
  }
}

/** Sets a bit; false: it was set. */
function mark(bits: Uint8Array, position: number): boolean {
  const [byte, bit] = [position >>> 3, 1 << (position & 7)];
  const before = bits[byte] ?? 0;
  bits[byte] = before | bit;
  return (before & bit) === 0;
}
