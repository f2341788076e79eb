const SECOND_MS = 1_000;

/** At most so many a second, counted by the clock's seconds. */
export class RateWindow {
  readonly #perSecond: number;
  #second = 0;
  #taken = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether one more may pass now. */
  take(nowMs: number): boolean {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) [this.#second, this.#taken] = [second, 0];
    if (this.#taken >= this.#perSecond) return false;
    this.#taken += 1;
    return true;
  }
}
