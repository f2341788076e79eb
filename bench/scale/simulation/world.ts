import { EventQueue } from "./event-queue.ts";
import { LatencySource, Random } from "./random.ts";
import type { Latency } from "./random.ts";
import { Processor } from "./processor.ts";
import type { Settings } from "./settings.ts";

/** What can happen; beside each, what its two numbers are. */
export const KIND = {
  /** A partner's call comes to the edge. */
  arrive: 0,
  /** The edge's calls come to the issuers: the call. */
  deliver: 1,
  /** A group commit is due: the issuer. */
  flush: 2,
  /** An issuer's chores are due: the issuer, and whether a timer brought them (1) or the alarm (0). */
  chores: 3,
  /** The pool is asked: the issuer, cards wanted. */
  lease: 4,
  /** Its answer is here: the issuer, cards. */
  leased: 5,
  /** A block comes to the queue: the block, the queue. */
  enqueue: 6,
  /** A queue looks whether a batch is due: the queue, and which of its looks it is. */
  look: 7,
  /** A batch is at its next step: the batch. */
  settle: 8,
  /** An issuer is told that the ledger has blocks: the batch, the issuer. */
  acknowledge: 9,
  /** A second is over. */
  second: 10,
} as const;

/** What all parts of the model share: the clock and what is planned, chance, and who works on which thread. */
export class World {
  readonly settings: Settings;
  readonly events = new EventQueue();
  readonly random: Random;
  readonly #shared: Processor | null;
  readonly #slowdown: number;

  constructor(settings: Settings) {
    this.settings = settings;
    this.random = new Random(settings.seed);
    this.#slowdown = settings.platform.slowdown;
    this.#shared = settings.platform.sharedThread ? new Processor() : null;
  }

  get nowMs(): number {
    return this.events.atMs;
  }

  plan(atMs: number, kind: number, first: number, second = 0): void {
    this.events.plan(atMs, kind, first, second);
  }

  latency(latency: Latency): LatencySource {
    return new LatencySource(this.random, latency);
  }

  /** A thread of its own, where it has one. */
  processor(): Processor {
    return this.#shared ?? new Processor();
  }

  /** Work of `ms` by itself, as this machine gives it. */
  run(processor: Processor, ms: number): number {
    return processor.run(this.events.atMs, ms * this.#slowdown);
  }
}
