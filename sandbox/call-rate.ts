/** Two hours of seconds: longer than any load run. The oldest are forgotten. */
const MAX_SECONDS = 7_200;
const WINDOW_MS = 1_000;

interface SecondOfCalls {
  /** Start of the second, milliseconds since the epoch. */
  readonly atMs: number;
  readonly calls: number;
  /** Of these, the calls that arrived while a fault was in force. */
  readonly whileFaulty: number;
  /** The most calls in any 1,000 ms that ended within this second. A fixed second hides a burst across its border. */
  readonly peakInAnySecond: number;
}

export interface RateSummary {
  readonly calls: number;
  readonly whileFaulty: number;
  readonly peakPerSecond: number;
  readonly peakInAnySecond: number;
  readonly seconds: readonly SecondOfCalls[];
}

interface Tally {
  calls: number;
  whileFaulty: number;
  peakInAnySecond: number;
}

/** Counts the calls that reach one provider, answered or not, per second and in a sliding second. */
export class CallRate {
  readonly #seconds = new Map<number, Tally>();
  /** Arrival times within the last window, oldest first, from `#head` on. */
  #recent: number[] = [];
  #head = 0;

  record(nowMs: number, faulty: boolean): void {
    this.#recent.push(nowMs);
    while ((this.#recent[this.#head] ?? nowMs) <= nowMs - WINDOW_MS) this.#head += 1;
    if (this.#head > this.#recent.length / 2) {
      this.#recent = this.#recent.slice(this.#head);
      this.#head = 0;
    }
    const second = nowMs - (nowMs % WINDOW_MS);
    const tally = this.#tally(second);
    tally.calls += 1;
    if (faulty) tally.whileFaulty += 1;
    tally.peakInAnySecond = Math.max(tally.peakInAnySecond, this.#recent.length - this.#head);
  }

  /** What arrived from `sinceMs` on and before `untilMs`, by whole seconds. */
  summary(sinceMs: number, untilMs: number): RateSummary {
    const seconds = [...this.#seconds]
      .filter(([atMs]) => atMs + WINDOW_MS > sinceMs && atMs < untilMs)
      .map(([atMs, tally]) => ({ atMs, ...tally }));
    return {
      calls: seconds.reduce((sum, { calls }) => sum + calls, 0),
      whileFaulty: seconds.reduce((sum, { whileFaulty }) => sum + whileFaulty, 0),
      peakPerSecond: seconds.reduce((peak, { calls }) => Math.max(peak, calls), 0),
      peakInAnySecond: seconds.reduce((peak, { peakInAnySecond }) => Math.max(peak, peakInAnySecond), 0),
      seconds,
    };
  }

  #tally(second: number): Tally {
    const known = this.#seconds.get(second);
    if (known !== undefined) return known;
    const tally: Tally = { calls: 0, whileFaulty: 0, peakInAnySecond: 0 };
    this.#seconds.set(second, tally);
    for (const oldest of this.#seconds.keys()) {
      if (this.#seconds.size <= MAX_SECONDS) break;
      this.#seconds.delete(oldest);
    }
    return tally;
  }
}
