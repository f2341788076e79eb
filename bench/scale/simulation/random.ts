/** Where the normal distribution has 99 % below. */
const Z_99 = 2.326_347_874;

/** A latency of which half are below `medianMs` and 99 of a hundred below `p99Ms`; log-normal, as latencies of networks and disks tend to be. */
export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Random numbers that are the same for the same seed: xoshiro128** (https://prng.di.unimi.it), its state filled by splitmix32. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed | 0;
    const fill = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return z ^ (z >>> 16);
    };
    [this.#a, this.#b, this.#c, this.#d] = [fill(), fill(), fill(), fill()];
  }

  /** 32 bits. */
  bits(): number {
    const five = Math.imul(this.#b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9);
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    return this.bits() / 2 ** 32;
  }

  /** 0 … `below` − 1; by multiplication, whose bias is far below what a simulation can see. */
  whole(below: number): number {
    return Math.floor(this.unit() * below);
  }

  /** The time to the next of events that come `perMs` on the average and know nothing of each other. */
  exponential(perMs: number): number {
    return -Math.log(1 - this.unit()) / perMs;
  }

  /** By Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }
}

const TABLE = 4_096;

/** Draws of a latency, from a table of its quantiles: some hundred million are drawn in a run. */
export class LatencySource {
  readonly #random: Random;
  readonly #table: Float64Array;

  constructor(random: Random, { medianMs, p99Ms }: Latency) {
    this.#random = random;
    const sigma = medianMs === 0 ? 0 : Math.log(p99Ms / medianMs) / Z_99;
    this.#table = Float64Array.from({ length: TABLE }, (_, i) => medianMs * Math.exp(sigma * normalQuantile((i + 0.5) / TABLE)));
  }

  draw(): number {
    return this.#table[this.#random.bits() & (TABLE - 1)] as number;
  }
}

/** The inverse of the normal distribution's function, by bisection over its integral. */
function normalQuantile(share: number): number {
  let [low, high] = [-9, 9];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Abramowitz and Stegun, 26.2.17: within 7.5e-8. */
function normalBelow(z: number): number {
  if (z < 0) return 1 - normalBelow(-z);
  const t = 1 / (1 + 0.231_641_9 * z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return 1 - density * t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
}
