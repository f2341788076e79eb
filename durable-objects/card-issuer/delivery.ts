import type { Block } from "../block.ts";
import type { ShardAddress } from "../protocol.ts";
import { drainOutbox } from "./drain.ts";
import type { IssuerStorage } from "./storage.ts";

/** Events are given this long to gather into a block. */
const DRAIN_AFTER_MS = 500;
/** The alarm drains what a lost timer did not, and re-arms itself while a block is unacknowledged. */
const ALARM_AFTER_MS = 5_000;

export interface DeliveryDeps {
  readonly storage: IssuerStorage;
  readonly address: () => ShardAddress | null;
  readonly transaction: <Result>(work: () => Result) => Result;
  readonly send: (blocks: readonly Block[]) => Promise<void>;
  readonly setAlarm: (atMs: number) => Promise<void>;
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly now: () => number;
}

/** Sees to it that the outbox reaches the ledger: a timer soon after an event, and an alarm in case the timer is lost. */
export class Delivery {
  readonly #deps: DeliveryDeps;
  #timer = false;
  #alarm = false;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** To be called in the same breath as the commit that added to the outbox: the alarm is part of it. */
  soon(): void {
    const { waitUntil, now } = this.#deps;
    if (!this.#alarm) waitUntil(this.#setAlarm(now() + ALARM_AFTER_MS));
    if (this.#timer) return;
    this.#timer = true;
    setTimeout(() => {
      this.#timer = false;
      waitUntil(this.#drain().catch((error: unknown) => this.#log(error)));
    }, DRAIN_AFTER_MS);
  }

  /** The alarm has rung. */
  async rung(): Promise<void> {
    this.#alarm = false;
    try {
      await this.#drain();
    } catch (error) {
      this.#log(error);
      await this.#setAlarm(this.#deps.now() + ALARM_AFTER_MS);
    }
  }

  async #drain(): Promise<void> {
    const { storage, transaction, send, now } = this.#deps;
    const address = this.#deps.address();
    if (address === null) return;
    await drainOutbox({
      seal: () => transaction(() => storage.seal(now())),
      due: (nowMs, limit) => storage.dueBlocks(address, nowMs, limit),
      send,
      sent: (block, attempts, resendAtMs) => storage.markSent(block, attempts, resendAtMs),
      now,
    });
    const dueMs = storage.nextDueMs(now());
    if (dueMs !== null) await this.#setAlarm(dueMs);
  }

  async #setAlarm(atMs: number): Promise<void> {
    this.#alarm = true;
    await this.#deps.setAlarm(atMs);
  }

  #log(error: unknown): void {
    console.error(JSON.stringify({ message: "drain failed", issuer: this.#deps.address(), error: String(error) }));
  }
}
