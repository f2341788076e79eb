import { ALARM_AFTER_MS, WORK_AFTER_MS } from "../../../durable-objects/card-issuer/chores.ts";
import { MAX_WAIT_MS, needsRefill, NO_RATE, recordDraws, wantedCards, WARM_UP_CARDS } from "../../../durable-objects/card-issuer/demand.ts";
import { BLOCKS_PER_SEND } from "../../../durable-objects/card-issuer/drain.ts";
import { FLUSH_AFTER_MS, MAX_FLUSH_COMMANDS, MAX_PENDING } from "../../../durable-objects/card-issuer/group-commit.ts";
import {
  MAX_BLOCK_BYTES,
  MAX_UNTOLD_CARDS,
  resendAt,
  roomOf,
  sealAt,
  STALE_AFTER_ATTEMPTS,
  STALE_PER_CONFIRMED,
} from "../../../durable-objects/card-issuer/outbox.ts";
import type { SimulatedBlock } from "./block.ts";
import type { Calls } from "./calls.ts";
import type { Processor } from "./processor.ts";
import type { LatencySource } from "./random.ts";
import { KIND } from "./world.ts";
import type { World } from "./world.ts";

export interface IssuerDeps {
  readonly world: World;
  readonly calls: Calls;
  /** Latencies there and back of the edge, of the pool; of a commit; of a `sendBatch`. */
  readonly edge: LatencySource;
  readonly pool: LatencySource;
  readonly commit: LatencySource;
  readonly send: LatencySource;
  /** Keeps a block, and gives its number. */
  readonly keep: (block: SimulatedBlock) => number;
  readonly block: (number: number) => SimulatedBlock;
  /** Whether the queue takes so many messages of so many bytes now; when it does, they count. */
  readonly queueTakes: (issuer: number, messages: number, bytes: number) => boolean;
}

/** Draws of one call that wait at this issuer. */
interface Waiting {
  readonly call: number;
  readonly draws: number;
  readonly sinceMs: number;
}

/** An issuer: group commit, stock, outbox and blocks, by the app's own bounds and decisions, on a thread of its own. */
export class SimulatedIssuer {
  readonly thread: Processor;
  readonly #deps: IssuerDeps;
  readonly #number: number;
  #calls: number[] = [];
  #draws: number[] = [];
  #pending = 0;
  #flushing = false;
  #waiting: Waiting[] = [];
  #waitingDraws = 0;
  #held = 0;
  #asking = false;
  #rate = NO_RATE;
  #untold = 0;
  #sealedAtMs = 0;
  #timer = false;
  #alarmAtMs = Infinity;
  readonly #unsettled = new Set<number>();

  constructor(number: number, deps: IssuerDeps) {
    this.#number = number;
    this.#deps = deps;
    this.thread = deps.world.processor();
    // Issuers are woken before the start, and hold a lease.
    this.#held = WARM_UP_CARDS;
  }

  get unsettled(): number {
    return this.#unsettled.size;
  }

  /** Events that are in no block. */
  get untold(): number {
    return this.#untold;
  }

  /** An RPC of some draws of a call is here. */
  take(call: number, draws: number): void {
    const { world, calls } = this.#deps;
    const { times, platform } = world.settings;
    const ms = times.call.perCall + draws * times.call.perDraw;
    world.run(this.thread, ms > platform.objectRequestMs ? ms : platform.objectRequestMs);
    if (this.#pending + this.#waitingDraws + draws > MAX_PENDING) {
      calls.shed += draws;
      calls.answer(call, this.thread.freeAtMs + this.#deps.edge.draw() / 2);
      return;
    }
    this.#submit(call, draws);
  }

  #submit(call: number, draws: number): void {
    this.#calls.push(call);
    this.#draws.push(draws);
    this.#pending += draws;
    if (this.#flushing) return;
    this.#flushing = true;
    this.#deps.world.plan(Math.max(this.#deps.world.nowMs, this.thread.freeAtMs) + FLUSH_AFTER_MS, KIND.flush, this.#number);
  }

  /** Decides all that is here in one commit. */
  flush(): void {
    const { world, calls, edge, commit } = this.#deps;
    const { times, platform } = world.settings;
    this.#flushing = false;
    const [asked, draws, pending] = [this.#calls, this.#draws, this.#pending];
    this.#calls = [];
    this.#draws = [];
    this.#pending = 0;
    const mayDraw = roomOf(this.#unsettled.size) === "all";
    const issued = mayDraw ? Math.min(pending, this.#held) : 0;
    const flushes = Math.ceil(pending / MAX_FLUSH_COMMANDS);
    const committed = commit.draw();
    const ms = flushes * times.issuer.perFlush + issued * times.issuer.perDraw + (platform.commitBlocks ? flushes * committed : 0);
    const doneMs = world.run(this.thread, ms) + (platform.commitBlocks ? 0 : committed);
    this.#held -= issued;
    calls.issued += issued;
    let left = issued;
    for (let i = 0; i < asked.length; i += 1) {
      const [call, own] = [asked[i] as number, draws[i] as number];
      if (own <= left || !mayDraw) {
        left -= own;
        if (!mayDraw) calls.shed += own;
        calls.answer(call, doneMs + edge.draw() / 2);
        continue;
      }
      const lacking = own - left;
      left = 0;
      this.#waiting.push({ call, draws: lacking, sinceMs: world.nowMs });
      this.#waitingDraws += lacking;
    }
    if (issued > 0) this.#tell(issued);
    if (needsRefill(this.#held, this.#rate) || this.#waitingDraws > 0) this.#ask();
  }

  #tell(issued: number): void {
    const { nowMs } = this.#deps.world;
    this.#rate = recordDraws(this.#rate, issued, nowMs);
    this.#untold += issued;
    this.#soon();
    if (this.#untold >= MAX_UNTOLD_CARDS) this.#seal();
  }

  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    const { world, pool } = this.#deps;
    const want = wantedCards(this.#rate, this.#waitingDraws);
    world.plan(Math.max(world.nowMs, this.thread.freeAtMs) + pool.draw() / 2, KIND.lease, this.#number, want);
  }

  /** The pool's answer is here. */
  leased(cards: number): void {
    const { world, calls, edge } = this.#deps;
    this.#asking = false;
    this.#held += cards;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingDraws = 0;
    for (const { call, draws, sinceMs } of waiting) {
      if (world.nowMs - sinceMs < MAX_WAIT_MS) this.#submit(call, draws);
      else {
        calls.shed += draws;
        calls.answer(call, world.nowMs + edge.draw() / 2);
      }
    }
  }

  #soon(): void {
    if (this.#timer) return;
    this.#timer = true;
    this.#deps.world.plan(Math.max(this.#deps.world.nowMs, this.thread.freeAtMs) + WORK_AFTER_MS, KIND.chores, this.#number, 1);
  }

  /** Cuts what waits into blocks, and sends each that is due. */
  chores(byTimer: boolean): void {
    const { world } = this.#deps;
    if (byTimer) this.#timer = false;
    else if (world.nowMs < this.#alarmAtMs) return;
    else this.#alarmAtMs = Infinity;
    const sealAtMs = sealAt(this.#unsettled.size, this.#sealedAtMs);
    if (this.#untold > 0 && world.nowMs >= sealAtMs) this.#seal();
    let nextMs = this.#untold > 0 ? sealAtMs : Infinity;
    const due: number[] = [];
    for (const number of this.#unsettled) {
      const block = this.#deps.block(number);
      if (block.sendAtMs <= world.nowMs) due.push(number);
      else if (block.sendAtMs < nextMs) nextMs = block.sendAtMs;
    }
    nextMs = Math.min(nextMs, this.#send(due));
    this.#alarm(this.#timer ? Math.min(nextMs, world.nowMs + ALARM_AFTER_MS) : nextMs);
  }

  #alarm(atMs: number): void {
    if (atMs === Infinity || atMs >= this.#alarmAtMs) return;
    this.#alarmAtMs = atMs;
    this.#deps.world.plan(atMs, KIND.chores, this.#number, 0);
  }

  /** Sends blocks two at a time; when one of them is due again. */
  #send(due: readonly number[]): number {
    const { world, send, block: blockOf, queueTakes } = this.#deps;
    const { times } = world.settings;
    let atMs = world.nowMs;
    let nextMs = Infinity;
    for (let first = 0; first < due.length; first += BLOCKS_PER_SEND) {
      const numbers = due.slice(first, first + BLOCKS_PER_SEND);
      const bytes = numbers.reduce((sum, number) => sum + blockOf(number).bytes, 0);
      if (!queueTakes(this.#number, numbers.length, bytes)) return Math.min(nextMs, world.nowMs + ALARM_AFTER_MS);
      atMs = Math.max(atMs, world.run(this.thread, numbers.length * times.issuer.perBlock)) + send.draw();
      for (const number of numbers) {
        const block = blockOf(number);
        block.attempts += 1;
        block.sendAtMs = resendAt(block.attempts, atMs);
        nextMs = Math.min(nextMs, block.sendAtMs);
        world.plan(atMs, KIND.enqueue, number);
      }
    }
    return nextMs;
  }

  #seal(): void {
    const { world, keep } = this.#deps;
    const most = Math.floor(MAX_BLOCK_BYTES / world.settings.sizes.event);
    while (this.#untold > 0) {
      const events = Math.min(this.#untold, most);
      this.#untold -= events;
      const bytes = events * world.settings.sizes.event;
      const fresh = { attempts: 0, sendAtMs: world.nowMs, settled: false, acknowledged: false };
      this.#unsettled.add(keep({ issuer: this.#number, events, bytes, ...fresh }));
    }
    this.#sealedAtMs = world.nowMs;
  }

  /** The ledger has these blocks; when this is stored. */
  acknowledge(numbers: readonly number[]): number {
    const { world, commit, block: blockOf } = this.#deps;
    const { times, platform } = world.settings;
    const committed = commit.draw();
    const own = times.acknowledge.perCall + numbers.length * times.acknowledge.perBlock + (platform.commitBlocks ? committed : 0);
    const doneMs = world.run(this.thread, Math.max(own, platform.objectRequestMs)) + (platform.commitBlocks ? 0 : committed);
    for (const number of numbers) {
      blockOf(number).acknowledged = true;
      this.#unsettled.delete(number);
    }
    let stale = numbers.length * STALE_PER_CONFIRMED;
    let found = false;
    for (const number of this.#unsettled) {
      if (stale === 0) break;
      const block = blockOf(number);
      if (block.attempts < STALE_AFTER_ATTEMPTS || block.sendAtMs <= world.nowMs) continue;
      block.attempts = 0;
      block.sendAtMs = world.nowMs;
      stale -= 1;
      found = true;
    }
    if (found) this.#soon();
    return doneMs;
  }
}
