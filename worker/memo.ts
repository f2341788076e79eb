interface Remembered<T> {
  readonly value: T;
  readonly untilMs: number;
}

/**
 * What this isolate remembers for a little while. It holds values, never promises: a promise of one request may not be awaited by another.
 * Two generations share `maxEntries`, two at the least: when the younger has its half, the older is forgotten, which needs no bookkeeping and keeps what came lately.
 */
export class Memo<T> {
  #young = new Map<string, Remembered<T>>();
  #old = new Map<string, Remembered<T>>();
  readonly #half: number;

  constructor(maxEntries: number) {
    this.#half = Math.floor(maxEntries / 2);
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#young.get(key) ?? this.#old.get(key);
    return entry !== undefined && nowMs < entry.untilMs ? entry.value : undefined;
  }

  set(key: string, value: T, untilMs: number): T {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, { value, untilMs });
    return value;
  }
}
