import type { SimulatedBlock } from "./block.ts";
import { Calls } from "./calls.ts";
import { Histogram } from "./histogram.ts";
import { SimulatedIssuer } from "./issuer.ts";
import { SimulatedPool } from "./pool.ts";
import type { Processor } from "./processor.ts";
import { SimulatedQueue } from "./queue.ts";
import type { Settings } from "./settings.ts";
import { Settlement } from "./settlement.ts";
import { KIND, World } from "./world.ts";

const SECOND_MS = 1_000;

/** How things stand at the end of a second. */
export interface Second {
  readonly atS: number;
  /** Draws answered with a card in this second. */
  readonly issued: number;
  readonly shed: number;
  /** Of calls answered in this second; null where there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Blocks that issuers keep, and events that the ledger does not have. */
  readonly unacknowledged: number;
  readonly unsettledEvents: number;
  readonly queued: number;
}

export type Station = "issuers" | "pool" | "queues" | "consumers" | "ledgers";

/** Of threads: shares of the time of the load during which they were at work; of queues, of the messages that they take; of consumers, of as many as there may be. */
export interface Utilisation {
  readonly mean: number;
  readonly most: number;
}

export interface Simulated {
  readonly seconds: readonly Second[];
  readonly issued: number;
  readonly shed: number;
  /** From the first call to the last answer. */
  readonly answeredAfterS: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly largestMs: number;
  readonly blocks: number;
  readonly messages: number;
  readonly refusedMessages: number;
  readonly transactions: number;
  readonly failures: number;
  readonly leases: number;
  readonly settledEvents: number;
  readonly peakUnacknowledged: number;
  /** From the end of the load until no issuer keeps a block; null: not within the time simulated. */
  readonly drainedAfterS: number | null;
  /** Events settled a second while the load lasted. */
  readonly settledPerSecond: number;
  readonly largestLedgerBytes: number;
  readonly utilisation: Readonly<Record<Station, Utilisation>>;
  /** What the pool's thread did in all: where all share one, everything. */
  readonly poolBusyMs: number;
}

/** Plays a load and what is left of it, at most `drainSeconds` longer. */
export function simulate(settings: Settings, drainSeconds: number): Simulated {
  return new Simulation(settings).run(drainSeconds);
}

class Simulation {
  readonly #world: World;
  readonly #calls = new Calls();
  readonly #edge: Processor;
  readonly #blocks: SimulatedBlock[] = [];
  readonly #issuers: readonly SimulatedIssuer[];
  readonly #queues: readonly SimulatedQueue[];
  readonly #pool: SimulatedPool;
  readonly #settlement: Settlement;
  readonly #edgeLatency: ReturnType<World["latency"]>;
  readonly #seconds: Second[] = [];
  readonly #share: Int32Array;
  #issuedBefore = 0;
  #shedBefore = 0;
  #busy: Simulated["utilisation"] | null = null;
  #settledInLoad = 0;
  #isDrained = false;
  #kept = 0;
  #mostKept = 0;
  #acknowledgedAtMs = 0;

  constructor(settings: Settings) {
    const world = new World(settings);
    const { platform } = settings;
    this.#world = world;
    this.#edge = world.processor();
    this.#share = new Int32Array(settings.shards);
    this.#edgeLatency = world.latency(platform.edgeToIssuer);
    const [pool, commit, send] = [world.latency(platform.issuerToPool), world.latency(platform.commit), world.latency(platform.queueSend)];
    const block = (number: number) => this.#blocks[number] as SimulatedBlock;
    this.#issuers = Array.from(
      { length: settings.shards },
      (_, number) =>
        new SimulatedIssuer(number, {
          world,
          calls: this.#calls,
          edge: this.#edgeLatency,
          pool,
          commit,
          send,
          block,
          keep: (kept) => this.#keep(kept),
          queueTakes: (issuer, messages, bytes) => this.#queueOf(issuer).takes(messages, bytes),
        }),
    );
    this.#pool = new SimulatedPool(world, pool, commit);
    this.#settlement = new Settlement({ world, block, acknowledge: (issuer, blocks) => this.#acknowledge(issuer, blocks) });
    this.#queues = Array.from(
      { length: settings.queues },
      (_, number) => new SimulatedQueue(world, number, (queue, messages) => this.#settlement.begin(queue, messages)),
    );
  }

  run(drainSeconds: number): Simulated {
    const { events, settings } = this.#world;
    const endMs = (settings.load.seconds + drainSeconds) * SECOND_MS;
    this.#world.plan(0, KIND.arrive, 0);
    this.#world.plan(SECOND_MS, KIND.second, 1);
    while (!this.#isDrained && events.next() && events.atMs <= endMs) this.#happen(events.kind, events.first, events.second);
    return this.#told();
  }

  #happen(kind: number, first: number, second: number): void {
    switch (kind) {
      case KIND.arrive:
        return this.#arrive();
      case KIND.deliver:
        return this.#deliver(first);
      case KIND.flush:
        return this.#issuer(first).flush();
      case KIND.chores:
        return this.#issuer(first).chores(second === 1);
      case KIND.lease:
        return this.#pool.lease(first, second);
      case KIND.leased:
        return this.#issuer(first).leased(second);
      case KIND.enqueue:
        return this.#queueOf((this.#blocks[first] as SimulatedBlock).issuer).enqueue({ block: first, attempts: second });
      case KIND.look:
        return this.#queues[first]?.look(second);
      case KIND.settle:
        return this.#settlement.step(first);
      case KIND.acknowledge:
        return this.#settlement.acknowledge(first, second);
      case KIND.second:
        return this.#secondIsOver(first);
      default:
        throw new Error("an event of no kind");
    }
  }

  /** A call is at the edge; the next one comes a while later. */
  #arrive(): void {
    const { nowMs, settings, random } = this.#world;
    const { load, times, platform } = settings;
    const perMs = load.drawsPerSecond / load.bulk / SECOND_MS;
    const nextMs = nowMs + (load.arrivals === "evenly" ? 1 / perMs : random.exponential(perMs));
    if (nextMs < load.seconds * SECOND_MS) this.#world.plan(nextMs, KIND.arrive, 0);
    const ms = times.edge.perRequest + load.bulk * times.edge.perDraw;
    const call = this.#calls.begin(nowMs);
    const doneMs = platform.sharedThread ? this.#world.run(this.#edge, ms) : nowMs + ms;
    this.#world.plan(doneMs + this.#edgeLatency.draw() / 2, KIND.deliver, call);
  }

  /** A call's draws go to the issuers that their recipients' hashes name. */
  #deliver(call: number): void {
    const { settings, random } = this.#world;
    const touched: number[] = [];
    for (let draw = 0; draw < settings.load.bulk; draw += 1) {
      const issuer = random.whole(settings.shards);
      const before = this.#share[issuer] as number;
      if (before === 0) touched.push(issuer);
      this.#share[issuer] = before + 1;
    }
    for (let i = 0; i < touched.length; i += 1) this.#calls.ask(call);
    for (const issuer of touched) {
      const draws = this.#share[issuer] as number;
      this.#share[issuer] = 0;
      this.#issuer(issuer).take(call, draws);
    }
  }

  #secondIsOver(atS: number): void {
    const { settings, nowMs } = this.#world;
    const { issued, shed, lately } = this.#calls;
    const unacknowledged = this.#issuers.reduce((sum, issuer) => sum + issuer.unsettled, 0);
    this.#seconds.push({
      atS,
      issued: issued - this.#issuedBefore,
      shed: shed - this.#shedBefore,
      p50Ms: lately.quantileMs(0.5),
      p99Ms: lately.quantileMs(0.99),
      unacknowledged,
      unsettledEvents: issued - this.#settlement.settledEvents,
      queued: this.#queues.reduce((sum, queue) => sum + queue.waiting, 0),
    });
    [this.#issuedBefore, this.#shedBefore] = [issued, shed];
    this.#calls.lately = new Histogram();
    if (atS === settings.load.seconds) {
      this.#busy = this.#utilisation();
      this.#settledInLoad = this.#settlement.settledEvents;
    }
    const untold = this.#issuers.some((issuer) => issuer.untold > 0);
    if (atS > settings.load.seconds && unacknowledged === 0 && !untold) this.#isDrained = true;
    else this.#world.plan(nowMs + SECOND_MS, KIND.second, atS + 1);
  }

  #utilisation(): Simulated["utilisation"] {
    const of = (threads: readonly Processor[]): Utilisation => {
      const shares = threads.map((thread) => Math.min(thread.busyMs, this.#world.nowMs) / this.#world.nowMs);
      return summed(shares);
    };
    const { consumer, platform } = this.#world.settings;
    const { nowMs } = this.#world;
    return {
      issuers: of(this.#issuers.map(({ thread }) => thread)),
      pool: of([this.#pool.thread]),
      queues: summed(this.#queues.map(({ taken }) => (taken * SECOND_MS) / nowMs / platform.queueMessagesPerSecond)),
      consumers: summed(this.#queues.map(({ consumedMs }) => consumedMs / nowMs / consumer.concurrency)),
      ledgers: of(this.#settlement.ledgers),
    };
  }

  #told(): Simulated {
    const { load } = this.#world.settings;
    const { issued, shed, latencies } = this.#calls;
    const { transactions, failures, settledEvents, ledgerBytes } = this.#settlement;
    return {
      seconds: this.#seconds,
      issued,
      shed,
      answeredAfterS: this.#calls.answeredAtMs / SECOND_MS,
      p50Ms: latencies.quantileMs(0.5),
      p99Ms: latencies.quantileMs(0.99),
      largestMs: latencies.largestMs,
      blocks: this.#blocks.length,
      messages: this.#queues.reduce((sum, queue) => sum + queue.brought, 0),
      refusedMessages: this.#queues.reduce((sum, queue) => sum + queue.refused, 0),
      transactions,
      failures,
      leases: this.#pool.leases,
      settledEvents,
      peakUnacknowledged: this.#mostKept,
      drainedAfterS: this.#isDrained ? Math.max(0, this.#acknowledgedAtMs / SECOND_MS - load.seconds) : null,
      settledPerSecond: this.#settledInLoad / load.seconds,
      largestLedgerBytes: Math.max(...ledgerBytes),
      utilisation: this.#busy ?? this.#utilisation(),
      poolBusyMs: this.#pool.thread.busyMs,
    };
  }

  #keep(block: SimulatedBlock): number {
    this.#kept += 1;
    this.#mostKept = Math.max(this.#mostKept, this.#kept);
    return this.#blocks.push(block) - 1;
  }

  /** When it is stored. */
  #acknowledge(issuer: number, numbers: readonly number[]): number {
    this.#kept -= numbers.filter((number) => !(this.#blocks[number] as SimulatedBlock).acknowledged).length;
    const doneMs = this.#issuer(issuer).acknowledge(numbers);
    this.#acknowledgedAtMs = Math.max(this.#acknowledgedAtMs, doneMs);
    return doneMs;
  }

  #issuer(number: number): SimulatedIssuer {
    return this.#issuers[number] as SimulatedIssuer;
  }

  #queueOf(issuer: number): SimulatedQueue {
    return this.#queues[issuer % this.#queues.length] as SimulatedQueue;
  }
}

function summed(shares: readonly number[]): Utilisation {
  return { mean: shares.reduce((sum, share) => sum + share, 0) / shares.length, most: Math.max(...shares) };
}
