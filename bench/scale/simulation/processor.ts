/** One thread: does one thing after the other, in the order in which they come. */
export class Processor {
  #freeAtMs = 0;
  #busyMs = 0;

  /** What was done so far, or is planned. */
  get busyMs(): number {
    return this.#busyMs;
  }

  get freeAtMs(): number {
    return this.#freeAtMs;
  }

  /** Work of `ms` that comes at `nowMs`; when it is done. */
  run(nowMs: number, ms: number): number {
    this.#freeAtMs = (this.#freeAtMs > nowMs ? this.#freeAtMs : nowMs) + ms;
    this.#busyMs += ms;
    return this.#freeAtMs;
  }
}
