import type { DisabledBy, OutgoingEvent } from "../protocol.ts";
import type { Work } from "./alarm.ts";
import type { Answer } from "./answer.ts";
import { judge, lanes } from "./health.ts";
import type { Health } from "./health.ts";
import { dueAgainAt } from "./retry.ts";

/** Chunks under way at once: what of them was sent is sent again after a crash, so few; more than one, so that a slow call holds up no lane. */
const MAX_OPEN_CHUNKS = 4;
/** Retries loaded at once. */
const RETRIES_A_LOAD = 32;

/** Events that are stored, and cross off, as one row. */
export interface Chunk {
  readonly chunk: number;
  readonly heardAtMs: number;
  readonly events: readonly OutgoingEvent[];
}

/** An event whose latest attempt failed. */
export interface Retry {
  readonly event: OutgoingEvent;
  readonly heardAtMs: number;
  readonly attempts: number;
  readonly dueAtMs: number;
  /** What came of the latest attempt. */
  readonly answer: string;
}

/** An event that is done with: delivered, or given up. */
export interface Outcome {
  readonly id: string;
  readonly type: string;
  readonly state: "delivered" | "failed";
  readonly at: number;
  readonly attempts: number;
  readonly answer: string;
  readonly whenMs: number;
}

/** What became of a chunk; `left` was not sent and is to be. */
export interface ClosedChunk {
  readonly chunk: number;
  readonly left: readonly OutgoingEvent[];
  readonly outcomes: readonly Outcome[];
  readonly retries: readonly Retry[];
}

/** What the courier needs of storage. Each call is one transaction. */
export interface CourierStore {
  /** The first chunks whose number is higher than `after`, in order. */
  chunks(after: number, limit: number): readonly Chunk[];
  dueRetries(nowMs: number, limit: number): readonly Retry[];
  closeChunk(closed: ClosedChunk): void;
  keepRetry(retry: Retry): void;
  closeRetry(outcome: Outcome): void;
  keepHealth(health: Health): void;
  /** Nothing is to be sent any more. */
  forgetAll(): void;
  work(): Work;
}

export interface CourierDeps {
  readonly store: CourierStore;
  /** Makes one call; never throws. */
  readonly send: (event: OutgoingEvent) => Promise<Answer>;
  readonly nowMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

interface OpenChunk extends Chunk {
  /** Index of the next event to send. */
  next: number;
  readonly inFlight: Set<OutgoingEvent>;
  readonly outcomes: Outcome[];
  readonly retries: Retry[];
}

type Parcel =
  | { readonly from: "chunk"; readonly chunk: OpenChunk; readonly event: OutgoingEvent }
  | { readonly from: "retry"; readonly retry: Retry; readonly event: OutgoingEvent };

/** Carries an endpoint's events to it: as many calls at once as its health allows, what is due again before what is new. */
export class Courier {
  readonly #deps: CourierDeps;
  #health: Health;
  #running = false;
  #open: OpenChunk[] = [];
  #due: Retry[] = [];
  readonly #busy = new Set<string>();
  #wake: () => void = () => {};

  constructor(health: Health, deps: CourierDeps) {
    this.#health = health;
    this.#deps = deps;
  }

  get health(): Health {
    return this.#health;
  }

  get running(): boolean {
    return this.#running;
  }

  /** There may be something new to carry. */
  wake(): void {
    this.#wake();
  }

  /** Takes note of a call that was made past the queue. */
  note(answer: Answer): void {
    this.#judge(answer);
    this.wake();
  }

  disable(by: DisabledBy): void {
    if (this.#health.state === "disabled") return;
    this.#setHealth({ state: "disabled", by, atMs: this.#deps.nowMs() });
    this.#forget();
    this.wake();
  }

  /** Carries until nothing may be sent now, and no longer than until `untilMs`; what was begun is finished. */
  async run(untilMs: number): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#carry(untilMs);
    } finally {
      this.#running = false;
      for (const chunk of this.#open) this.#close(chunk);
      this.#open = [];
      this.#due = [];
    }
  }

  async #carry(untilMs: number): Promise<void> {
    const calls = new Set<Promise<void>>();
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      while (this.#deps.nowMs() < untilMs && calls.size < lanes(this.#health, this.#deps.nowMs())) {
        const parcel = this.#take();
        if (parcel === null) break;
        const call = this.#deliver(parcel).finally(() => calls.delete(call));
        calls.add(call);
      }
      if (calls.size === 0) return;
      await Promise.race([...calls, woken]);
    }
  }

  #take(): Parcel | null {
    return this.#takeRetry() ?? this.#takeFresh();
  }

  #takeRetry(): Parcel | null {
    if (this.#due.length === 0) {
      const due = this.#deps.store.dueRetries(this.#deps.nowMs(), RETRIES_A_LOAD + this.#busy.size);
      this.#due = due.filter(({ event }) => !this.#busy.has(event.id));
    }
    const retry = this.#due.shift();
    return retry === undefined ? null : { from: "retry", retry, event: retry.event };
  }

  #takeFresh(): Parcel | null {
    for (;;) {
      for (const chunk of this.#open) {
        const event = chunk.events[chunk.next];
        if (event === undefined) continue;
        chunk.next += 1;
        return { from: "chunk", chunk, event };
      }
      if (this.#open.length >= MAX_OPEN_CHUNKS) return null;
      const [chunk] = this.#deps.store.chunks(this.#open.at(-1)?.chunk ?? 0, 1);
      if (chunk === undefined) return null;
      this.#open.push({ ...chunk, next: 0, inFlight: new Set(), outcomes: [], retries: [] });
    }
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const { event } = parcel;
    if (parcel.from === "chunk") parcel.chunk.inFlight.add(event);
    else this.#busy.add(event.id);
    const answer = await this.#deps.send(event);
    if (parcel.from === "chunk") parcel.chunk.inFlight.delete(event);
    else this.#busy.delete(event.id);
    this.#judge(answer);
    if (this.#health.state === "disabled") return;
    if (parcel.from === "chunk") this.#crossOff(parcel.chunk, event, answer);
    else this.#settleRetry(parcel.retry, answer);
  }

  #crossOff(chunk: OpenChunk, event: OutgoingEvent, answer: Answer): void {
    if (!this.#open.includes(chunk)) return;
    const settled = this.#settle({ event, heardAtMs: chunk.heardAtMs, attempts: 1 }, answer);
    if ("state" in settled) chunk.outcomes.push(settled);
    else chunk.retries.push(settled);
    if (chunk.inFlight.size > 0 || chunk.next < chunk.events.length) return;
    this.#close(chunk);
    this.#open = this.#open.filter((one) => one !== chunk);
  }

  #settleRetry(retry: Retry, answer: Answer): void {
    const settled = this.#settle({ ...retry, attempts: retry.attempts + 1 }, answer);
    if ("state" in settled) this.#deps.store.closeRetry(settled);
    else this.#deps.store.keepRetry(settled);
  }

  #settle({ event, heardAtMs, attempts }: Pick<Retry, "event" | "heardAtMs" | "attempts">, answer: Answer): Outcome | Retry {
    const nowMs = this.#deps.nowMs();
    const { id, type, at } = event;
    const text = answer.answer === "failed" ? answer.reason : `answered ${answer.httpStatus}`;
    const done = { id, type, at, attempts, answer: text, whenMs: nowMs };
    if (answer.answer === "delivered") return { ...done, state: "delivered" };
    const dueAtMs = dueAgainAt({ attempts, heardAtMs }, nowMs, this.#deps.random());
    return dueAtMs === null ? { ...done, state: "failed" } : { event, heardAtMs, attempts, dueAtMs, answer: text };
  }

  /** What is in flight then was cut off by a fault of ours, and is sent again. */
  #close({ chunk, events, next, inFlight, outcomes, retries }: OpenChunk): void {
    this.#deps.store.closeChunk({ chunk, left: [...inFlight, ...events.slice(next)], outcomes, retries });
  }

  #judge(answer: Answer): void {
    const before = this.#health;
    this.#setHealth(judge(before, answer, this.#deps.nowMs(), this.#deps.random()));
    if (before.state !== "disabled" && this.#health.state === "disabled") this.#forget();
  }

  #setHealth(health: Health): void {
    const before = this.#health;
    this.#health = health;
    if (before !== health && (before.state !== "well" || health.state !== "well")) this.#deps.store.keepHealth(health);
  }

  #forget(): void {
    this.#open = [];
    this.#due = [];
    this.#deps.store.forgetAll();
  }
}
