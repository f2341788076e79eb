import { KIND } from "./world.ts";
import type { World } from "./world.ts";

const SECOND_MS = 1_000;

/** A message: a block, and how often bringing it has failed. */
export interface Message {
  readonly block: number;
  readonly attempts: number;
}

/**
 * A queue and how it brings its messages. Cloudflare's begins with one consumer and may add one whenever a batch is done and a whole one waits, up to
 * `concurrency` (https://developers.cloudflare.com/queues/configuration/consumer-concurrency/). Miniflare's has one batch under way, and another now and then.
 */
export class SimulatedQueue {
  readonly #world: World;
  readonly #number: number;
  readonly #begin: (queue: SimulatedQueue, messages: readonly Message[]) => void;
  #messages: Message[] = [];
  #head = 0;
  #oldestMs: number[] = [];
  #active = 0;
  #allowed = 1;
  /** Miniflare's pending flush: which look it is, and whether a whole batch waits. */
  #pending: { readonly look: number; readonly immediate: boolean } | null = null;
  #looks = 0;
  #second = -1;
  #sentThisSecond = 0;
  #bytes = 0;
  #retrying = 0;
  #activeMs = 0;
  #activeSinceMs = 0;
  /** Messages that it took, did not take, and brought. */
  taken = 0;
  refused = 0;
  brought = 0;

  constructor(world: World, number: number, begin: (queue: SimulatedQueue, messages: readonly Message[]) => void) {
    this.#world = world;
    this.#number = number;
    this.#begin = begin;
  }

  get waiting(): number {
    return this.#messages.length - this.#head + this.#retrying;
  }

  /** What its consumers were at work in all. */
  get consumedMs(): number {
    return this.#activeMs + this.#active * (this.#world.nowMs - this.#activeSinceMs);
  }

  /** Whether it takes so many messages now, within its bounds. */
  takes(messages: number, bytes: number): boolean {
    const { queueMessagesPerSecond, queueBytes } = this.#world.settings.platform;
    const second = Math.floor(this.#world.nowMs / SECOND_MS);
    if (second !== this.#second) [this.#second, this.#sentThisSecond] = [second, 0];
    if (this.#sentThisSecond + messages > queueMessagesPerSecond || this.#bytes + bytes > queueBytes) {
      this.refused += messages;
      return false;
    }
    this.taken += messages;
    this.#sentThisSecond += messages;
    this.#bytes += bytes;
    return true;
  }

  enqueue(message: Message): void {
    if (message.attempts > 0) this.#retrying -= 1;
    this.#messages.push(message);
    this.#oldestMs.push(this.#world.nowMs);
    this.#plan();
  }

  /** It was planned to look whether a batch is due. */
  look(look: number): void {
    if (this.#world.settings.platform.delivery === "miniflare") {
      if (this.#pending?.look === look) this.#take();
      return;
    }
    const { batchSize, batchTimeoutMs } = this.#world.settings.consumer;
    while (this.#active < this.#allowed && this.#length > 0) {
      const oldestMs = this.#oldestMs[this.#head] ?? 0;
      if (this.#length < batchSize && this.#world.nowMs < oldestMs + batchTimeoutMs) {
        this.#world.plan(oldestMs + batchTimeoutMs, KIND.look, this.#number);
        return;
      }
      this.#take();
    }
  }

  /** A batch is done with; `failed` come again later. */
  done(bytes: number, failed: readonly Message[]): void {
    const { consumer, platform } = this.#world.settings;
    this.#bytes -= bytes;
    this.#change(-1);
    for (const { block, attempts } of failed) {
      if (attempts >= consumer.retries) continue;
      this.#retrying += 1;
      this.#world.plan(this.#world.nowMs + consumer.retryDelayMs, KIND.enqueue, block, attempts + 1);
    }
    if (platform.delivery === "miniflare") {
      this.#pending = null;
      if (this.#length > 0) this.#plan();
      return;
    }
    if (this.#length >= consumer.batchSize) this.#allowed = Math.min(consumer.concurrency, this.#allowed + 1);
    else this.#allowed = Math.max(1, this.#allowed - 1);
    this.look(0);
  }

  #change(by: number): void {
    this.#activeMs = this.consumedMs;
    this.#activeSinceMs = this.#world.nowMs;
    this.#active += by;
  }

  get #length(): number {
    return this.#messages.length - this.#head;
  }

  #plan(): void {
    const { platform, consumer } = this.#world.settings;
    const hasSpace = this.#length < consumer.batchSize;
    if (platform.delivery === "cloudflare") {
      if (this.#active >= this.#allowed) return;
      if (!hasSpace) this.look(0);
      else if (this.#length === 1) this.#world.plan(this.#world.nowMs + consumer.batchTimeoutMs, KIND.look, this.#number);
      return;
    }
    if (this.#pending !== null && (this.#pending.immediate || hasSpace)) return;
    this.#looks += 1;
    this.#pending = { look: this.#looks, immediate: !hasSpace };
    this.#world.plan(this.#world.nowMs + (hasSpace ? consumer.batchTimeoutMs : 0), KIND.look, this.#number, this.#looks);
  }

  #take(): void {
    const batch = this.#messages.slice(this.#head, this.#head + this.#world.settings.consumer.batchSize);
    this.#head += batch.length;
    if (this.#head > 4_096 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#oldestMs = this.#oldestMs.slice(this.#head);
      this.#head = 0;
    }
    this.#change(1);
    this.brought += batch.length;
    this.#begin(this, batch);
  }
}
