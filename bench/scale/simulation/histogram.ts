/** Each bucket is so much wider than the one before. */
const GROWTH = 1.02;
const LEAST_MS = 0.01;
const BUCKETS = 1_024;

/** Counts durations so that any quantile is known within 2 %; from a hundredth of a millisecond to some hours. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #largestMs = 0;

  get count(): number {
    return this.#count;
  }

  get largestMs(): number {
    return this.#largestMs;
  }

  add(ms: number, times = 1): void {
    const bucket = ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH)));
    this.#counts[bucket] = (this.#counts[bucket] as number) + times;
    this.#count += times;
    if (ms > this.#largestMs) this.#largestMs = ms;
  }

  addAll(other: Histogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1)
      this.#counts[bucket] = (this.#counts[bucket] as number) + (other.#counts[bucket] as number);
    this.#count += other.#count;
    this.#largestMs = Math.max(this.#largestMs, other.#largestMs);
  }

  /** What so large a share is not above; null where nothing was counted. */
  quantileMs(share: number): number | null {
    if (this.#count === 0) return null;
    let left = share * this.#count;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#counts[bucket] as number;
      if (left <= 0) return Math.min(this.#largestMs, LEAST_MS * GROWTH ** bucket);
    }
    return this.#largestMs;
  }
}
