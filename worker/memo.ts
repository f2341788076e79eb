interface Remembered<T> {
  readonly value: T;
  readonly untilMs: number;
}

/**
 * What this isolate remembers for a little while. It holds values, never promises: a promise of one request may not be awaited by another.
 * Past `maxEntries` it forgets everything, which costs a look-up each and needs no bookkeeping.
 */
export class Memo<T> {
  readonly #entries = new Map<string, Remembered<T>>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && nowMs < entry.untilMs ? entry.value : undefined;
  }

  set(key: string, value: T, untilMs: number): T {
    if (this.#entries.size >= this.#maxEntries) this.#entries.clear();
    this.#entries.set(key, { value, untilMs });
    return value;
  }
}
