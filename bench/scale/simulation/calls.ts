import { Histogram } from "./histogram.ts";

/** Partners' calls that are under way, and what became of all draws. A call is answered when the last of its draws is. */
export class Calls {
  #beganMs = new Float64Array(1_024);
  #answeredMs = new Float64Array(1_024);
  #left = new Int32Array(1_024);
  #free: number[] = Array.from({ length: 1_024 }, (_, i) => i);
  readonly latencies = new Histogram();
  /** Of this second. */
  lately = new Histogram();
  /** When the last answer was at the edge. */
  answeredAtMs = 0;
  issued = 0;
  shed = 0;

  begin(nowMs: number): number {
    if (this.#free.length === 0) this.#grow();
    const call = this.#free.pop() as number;
    this.#beganMs[call] = nowMs;
    this.#answeredMs[call] = nowMs;
    this.#left[call] = 0;
    return call;
  }

  /** One more issuer is asked for it. */
  ask(call: number): void {
    this.#left[call] = (this.#left[call] as number) + 1;
  }

  /** An issuer's answer is at the edge at `atMs`. */
  answer(call: number, atMs: number): void {
    if (atMs > (this.#answeredMs[call] as number)) this.#answeredMs[call] = atMs;
    const left = (this.#left[call] as number) - 1;
    this.#left[call] = left;
    if (left > 0) return;
    const ms = (this.#answeredMs[call] as number) - (this.#beganMs[call] as number);
    this.latencies.add(ms);
    this.lately.add(ms);
    this.answeredAtMs = Math.max(this.answeredAtMs, this.#answeredMs[call] as number);
    this.#free.push(call);
  }

  #grow(): void {
    const before = this.#left.length;
    const grown = (from: Float64Array) => {
      const to = new Float64Array(before * 2);
      to.set(from);
      return to;
    };
    this.#beganMs = grown(this.#beganMs);
    this.#answeredMs = grown(this.#answeredMs);
    const left = new Int32Array(before * 2);
    left.set(this.#left);
    this.#left = left;
    for (let call = before; call < before * 2; call += 1) this.#free.push(call);
  }
}
