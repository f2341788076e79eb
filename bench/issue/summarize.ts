import type { Measured } from "./shot.ts";
import type { Ratio, Variant, VariantName } from "./variants.ts";

/** One variant in one round. */
export interface Sample extends Measured {
  /** CPU time of the server; null where the system does not tell. */
  readonly serverCpuMs: number | null;
}

/** Every round of every variant, rounds in order. */
export type Samples = ReadonlyMap<VariantName, readonly Sample[]>;

export interface Figure {
  readonly requestsPerSecond: number;
  readonly drawsPerSecond: number | null;
  readonly serverCpuMicrosPerRequest: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly generatorBusy: number;
}

export interface RatioFigure {
  readonly median: number;
  readonly rounds: readonly number[];
  readonly target: number | null;
}

/** Medians over the rounds. */
export function figureOf(variant: Variant, samples: readonly Sample[]): Figure {
  const over = (value: (sample: Sample) => number) => median(samples.map(value));
  const requestsPerSecond = over(rate);
  const cpu = samples.flatMap(({ serverCpuMs, answered }) => (serverCpuMs === null ? [] : [(serverCpuMs * 1_000) / answered]));
  return {
    requestsPerSecond,
    drawsPerSecond: variant.draws === 0 ? null : requestsPerSecond * variant.draws,
    serverCpuMicrosPerRequest: cpu.length === 0 ? null : median(cpu),
    p50Ms: over(({ p50Ms }) => p50Ms),
    p99Ms: over(({ p99Ms }) => p99Ms),
    generatorBusy: over(({ busy }) => busy),
  };
}

/** The ratio round by round, so that what the machine did in a round is in both; and the median of these. */
export function ratioOf({ of, by, target }: Ratio, variants: readonly Variant[], samples: Samples): RatioFigure {
  const draws = (name: VariantName) => Math.max(1, variants.find((variant) => variant.name === name)?.draws ?? 1);
  const [above, below] = [samples.get(of) ?? [], samples.get(by) ?? []];
  const rounds = above.flatMap((sample, round) => {
    const other = below[round];
    return other === undefined ? [] : [(rate(sample) * draws(of)) / (rate(other) * draws(by))];
  });
  return { median: median(rounds), rounds, target };
}

function rate({ answered, seconds }: Measured): number {
  return answered / seconds;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
