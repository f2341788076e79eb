import { createHistogram } from "node:perf_hooks";
import type { RecordableHistogram } from "node:perf_hooks";

/** Latencies in ms. Every one is counted from when the request was due, sent or not. */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** What was due in one second of the load, and what became of it. */
export interface Second {
  readonly second: number;
  readonly due: number;
  readonly answered: number;
  readonly shed: number;
  readonly p99Ms: number;
}

/** What came of a load. */
export interface LoadFigures {
  readonly visits: number;
  /** Visits that came to their end with every answer good. */
  readonly completed: number;
  /** Requests with a good answer. */
  readonly requests: number;
  /** From the first arrival until as many seconds before the last answer as a visit thinks. */
  readonly seconds: number;
  readonly overall: Latency;
  readonly steps: Readonly<Record<string, Latency>>;
  readonly phases: Readonly<Record<string, Latency>>;
  /** Refused for load with `503` and `Retry-After`, and calls of which some draws were; all were asked again. */
  readonly shed: { readonly calls: number; readonly partly: number; readonly answeredIn: Latency };
  /** Visits that ended without a good answer, by step and code. */
  readonly errors: Readonly<Record<string, number>>;
  /** How late the generator itself was with what was due. */
  readonly lag: Latency;
  /** Cards that were answered `issued` more than once. */
  readonly doubled: number;
  readonly timeline: readonly Second[];
}

/** Latencies are kept in µs to three digits, up to two minutes: more than a visit is waited for. */
const HIGHEST_US = 120_000_000;
const DIGITS = 3;
const US_PER_MS = 1_000;

interface CountedSecond {
  due: number;
  answered: number;
  shed: number;
  readonly latency: RecordableHistogram;
}

/** Counts what a load comes to. Latencies go into the HDR histogram that Node has built in: a record takes some 70 ns, and no dependency. */
export class Tally {
  readonly #phases: readonly { readonly name: string; readonly untilMs: number; readonly latency: RecordableHistogram }[];
  readonly #overall = newHistogram();
  readonly #steps = new Map<string, RecordableHistogram>();
  readonly #errors = new Map<string, number>();
  readonly #shedIn = newHistogram();
  readonly #lag = newHistogram();
  readonly #cards = new Set<string>();
  readonly #seconds: CountedSecond[] = [];
  #completed = 0;
  #partly = 0;
  #doubled = 0;
  #lastMs = 0;

  constructor(phases: readonly { readonly name: string; readonly untilMs: number }[]) {
    this.#phases = phases.map((phase) => ({ ...phase, latency: newHistogram() }));
  }

  get cards(): readonly string[] {
    return [...this.#cards];
  }

  /** A request became due, and its turn came `lagMs` later. */
  due(dueMs: number, lagMs: number): void {
    record(this.#lag, lagMs);
    this.#secondOf(dueMs).due += 1;
  }

  /** A request that was due at `dueMs` has its good answer. `arrivedMs`: when its visit came. */
  answered(
    step: string,
    { arrivedMs, dueMs, nowMs }: { readonly arrivedMs: number; readonly dueMs: number; readonly nowMs: number },
  ): void {
    const latencyMs = nowMs - dueMs;
    const second = this.#secondOf(dueMs);
    second.answered += 1;
    let ofStep = this.#steps.get(step);
    if (ofStep === undefined) this.#steps.set(step, (ofStep = newHistogram()));
    for (const histogram of [this.#overall, ofStep, second.latency]) record(histogram, latencyMs);
    const phase = this.#phases.find(({ untilMs }) => arrivedMs < untilMs) ?? this.#phases.at(-1);
    if (phase !== undefined) record(phase.latency, latencyMs);
    this.#lastMs = Math.max(this.#lastMs, nowMs);
  }

  shed(dueMs: number, answeredInMs: number, whole: boolean): void {
    this.#secondOf(dueMs).shed += 1;
    if (whole) record(this.#shedIn, answeredInMs);
    else this.#partly += 1;
  }

  issued(cards: readonly string[]): void {
    for (const card of cards) {
      if (this.#cards.has(card)) this.#doubled += 1;
      this.#cards.add(card);
    }
  }

  failed(step: string, code: string): void {
    const error = `${step}: ${code}`;
    this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
  }

  completed(): void {
    this.#completed += 1;
  }

  /** `lengthMs`: while visits came; `thinkingMs`: the longest that one thinks. */
  figures(visits: number, lengthMs: number, thinkingMs: number): LoadFigures {
    return {
      visits,
      completed: this.#completed,
      requests: this.#overall.count,
      seconds: Math.max(lengthMs, this.#lastMs - thinkingMs) / 1_000,
      overall: latencyOf(this.#overall),
      steps: Object.fromEntries([...this.#steps].map(([step, histogram]) => [step, latencyOf(histogram)])),
      phases: Object.fromEntries(this.#phases.map(({ name, latency }) => [name, latencyOf(latency)])),
      shed: { calls: this.#shedIn.count, partly: this.#partly, answeredIn: latencyOf(this.#shedIn) },
      errors: Object.fromEntries(this.#errors),
      lag: latencyOf(this.#lag),
      doubled: this.#doubled,
      timeline: this.#seconds.map(({ latency, ...counts }, second) => ({ second, ...counts, p99Ms: latencyOf(latency).p99Ms })),
    };
  }

  #secondOf(dueMs: number): CountedSecond {
    const nth = Math.max(0, Math.floor(dueMs / 1_000));
    while (this.#seconds.length <= nth) this.#seconds.push({ due: 0, answered: 0, shed: 0, latency: newHistogram() });
    return this.#seconds[nth] as CountedSecond;
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: HIGHEST_US, figures: DIGITS });
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round(ms * US_PER_MS))));
}

function latencyOf(histogram: RecordableHistogram): Latency {
  const { count } = histogram;
  const at = (percent: number) => (count === 0 ? 0 : histogram.percentile(percent) / US_PER_MS);
  return { count, p50Ms: at(50), p90Ms: at(90), p99Ms: at(99), p999Ms: at(99.9), maxMs: count === 0 ? 0 : histogram.max / US_PER_MS };
}
