import type { SimulatedBlock } from "./block.ts";
import type { Processor } from "./processor.ts";
import type { Message, SimulatedQueue } from "./queue.ts";
import type { LatencySource } from "./random.ts";
import { KIND } from "./world.ts";
import type { World } from "./world.ts";

/** A batch as its queue brought it to one invocation. */
interface Delivery {
  readonly queue: SimulatedQueue;
  readonly messages: readonly Message[];
  readonly bytes: number;
  /** Until when each of the invocation's connections is taken. */
  readonly lanes: number[];
  /** Ledgers that are not done with their part of it. */
  open: number;
  readonly failed: Message[];
}

/** What a ledger's part of a batch does next. */
type Step = "look up" | "archive" | "write" | "written" | "acknowledged";

interface Batch {
  readonly delivery: Delivery;
  readonly ledger: number;
  readonly messages: readonly Message[];
  step: Step;
  /** Blocks that the ledger did not have when it was asked, and their events. */
  fresh: readonly number[];
  events: number;
  /** Issuers that have not answered yet. */
  unanswered: number;
  readonly settled: Map<number, number[]>;
  failed: boolean;
}

export interface SettlementDeps {
  readonly world: World;
  readonly block: (number: number) => SimulatedBlock;
  /** Stores at the issuer that the ledger has blocks; when it is stored. */
  readonly acknowledge: (issuer: number, blocks: readonly number[]) => number;
}

interface Latencies {
  readonly delivery: LatencySource;
  readonly ledger: LatencySource;
  readonly commit: LatencySource;
  readonly lake: LatencySource;
  readonly issuer: LatencySource;
}

/**
 * The consumers, the lake and the ledgers: a batch is read and parted by ledger; each part is looked up, archived, written in one transaction and acknowledged,
 * one step after the other, and beside the others.
 */
export class Settlement {
  readonly ledgers: readonly Processor[];
  readonly ledgerBytes: number[];
  readonly #deps: SettlementDeps;
  readonly #latencies: Latencies;
  readonly #deliveries = new Map<number, Delivery>();
  readonly #batches = new Map<number, Batch>();
  #next = 0;
  settledEvents = 0;
  transactions = 0;
  /** Batches whose transaction was refused: for want of room, or because another had settled a block meanwhile. */
  failures = 0;

  constructor(deps: SettlementDeps) {
    const { world } = deps;
    const { platform, ledgers } = world.settings;
    this.#deps = deps;
    this.ledgers = Array.from({ length: ledgers }, () => world.processor());
    this.ledgerBytes = Array.from({ length: ledgers }, () => 0);
    this.#latencies = {
      delivery: world.latency(platform.queueDelivery),
      ledger: world.latency(platform.consumerToLedger),
      commit: world.latency(platform.ledgerCommit),
      lake: world.latency(platform.lakePut),
      issuer: world.latency(platform.consumerToIssuer),
    };
  }

  /** A queue brings a batch. */
  begin(queue: SimulatedQueue, messages: readonly Message[]): void {
    const { world, block } = this.#deps;
    const bytes = messages.reduce((sum, message) => sum + block(message.block).bytes, 0);
    const lanes = Array.from({ length: world.settings.platform.connections }, () => 0);
    const number = this.#number();
    this.#deliveries.set(number, { queue, messages, bytes, lanes, open: 0, failed: [] });
    world.plan(world.nowMs + this.#latencies.delivery.draw(), KIND.settle, number);
  }

  #number(): number {
    this.#next += 1;
    return this.#next - 1;
  }

  /** Does the next step of a batch, or of a ledger's part of one. */
  step(number: number): void {
    const delivery = this.#deliveries.get(number);
    if (delivery !== undefined) {
      this.#deliveries.delete(number);
      this.#part(delivery);
      return;
    }
    const batch = this.#batches.get(number);
    if (batch === undefined) return;
    const { world } = this.#deps;
    switch (batch.step) {
      case "look up":
        batch.step = "archive";
        world.plan(this.#lookUp(batch) + this.#latencies.ledger.draw() / 2, KIND.settle, number);
        return;
      case "archive":
        batch.step = "write";
        world.plan(this.#archive(batch) + this.#latencies.ledger.draw() / 2, KIND.settle, number);
        return;
      case "write":
        batch.step = "written";
        world.plan(this.#write(batch) + this.#latencies.ledger.draw() / 2, KIND.settle, number);
        return;
      case "written":
        this.#written(batch, number);
        return;
      case "acknowledged":
        this.#end(batch, number);
    }
  }

  /** Reads a batch, and begins with each ledger's part of it. */
  #part(delivery: Delivery): void {
    const { world, block } = this.#deps;
    const readMs = this.#read(delivery);
    for (const [ledger, messages] of Map.groupBy(delivery.messages, (message) => block(message.block).issuer % this.ledgers.length)) {
      const number = this.#number();
      const fresh = { fresh: [], events: 0, unanswered: 0, settled: new Map<number, number[]>(), failed: false };
      this.#batches.set(number, { delivery, ledger, messages, step: "look up", ...fresh });
      delivery.open += 1;
      world.plan(readMs + this.#latencies.ledger.draw() / 2, KIND.settle, number);
    }
  }

  /** A consumer has a thread of its own, where everybody has: what it does is time only. */
  #read({ messages, bytes }: Delivery): number {
    const { world } = this.#deps;
    const { times, sizes, platform } = world.settings;
    const own = messages.length * times.consumer.perBlock + (bytes / sizes.event) * times.consumer.perEvent;
    const brought = platform.sharedThread ? messages.length * times.local.queuePerBlock : 0;
    return world.run(world.processor(), own + brought);
  }

  #lookUp(batch: Batch): number {
    const { world, block: blockOf } = this.#deps;
    const { times, platform } = world.settings;
    const doneMs = world.run(this.#ledger(batch), (times.ledger.perBatch / 2) * platform.ledgerSlowdown);
    const seen = new Set<number>();
    for (const { block } of batch.messages) {
      if (!blockOf(block).settled) seen.add(block);
      else this.#settledFor(batch, block);
    }
    batch.fresh = [...seen];
    batch.events = batch.fresh.reduce((sum, block) => sum + blockOf(block).events, 0);
    return doneMs;
  }

  #archive({ fresh, delivery: { lanes } }: Batch): number {
    const { world } = this.#deps;
    const { times, platform } = world.settings;
    const { local, disk } = times;
    if (platform.sharedThread) return world.run(world.processor(), fresh.length * (local.archivePerBlock + disk.perArchivedBlock));
    let doneMs = world.nowMs;
    for (let i = 0; i < fresh.length; i += 1) {
      const earliest = lanes.indexOf(Math.min(...lanes));
      const putMs = Math.max(world.nowMs, lanes[earliest] ?? 0) + this.#latencies.lake.draw();
      lanes[earliest] = putMs;
      doneMs = Math.max(doneMs, putMs);
    }
    return doneMs;
  }

  #write(batch: Batch): number {
    const { world, block: blockOf } = this.#deps;
    const { times, platform, sizes } = world.settings;
    const { ledger, fresh, events } = batch;
    if (fresh.length === 0) return world.nowMs;
    const bytes = events * sizes.cardInLedger;
    const isFull = (this.ledgerBytes[ledger] ?? 0) + bytes > platform.ledgerBytes;
    if (isFull || fresh.some((block) => blockOf(block).settled)) {
      batch.failed = true;
      this.failures += 1;
      return world.run(this.#ledger(batch), (times.ledger.perBatch / 2) * platform.ledgerSlowdown);
    }
    const own = times.ledger.perBatch / 2 + fresh.length * times.ledger.perBlock + events * times.ledger.perCard;
    const waits = platform.sharedThread ? times.disk.perSettledBatch : this.#latencies.commit.draw();
    this.ledgerBytes[ledger] = (this.ledgerBytes[ledger] ?? 0) + bytes;
    this.transactions += 1;
    this.settledEvents += events;
    for (const block of fresh) {
      blockOf(block).settled = true;
      this.#settledFor(batch, block);
    }
    return world.run(this.#ledger(batch), own * platform.ledgerSlowdown + waits);
  }

  #written(batch: Batch, number: number): void {
    const { world } = this.#deps;
    batch.step = "acknowledged";
    batch.unanswered = batch.failed ? 0 : batch.settled.size;
    if (batch.unanswered === 0) this.#end(batch, number);
    else
      for (const issuer of batch.settled.keys())
        world.plan(world.nowMs + this.#latencies.issuer.draw() / 2, KIND.acknowledge, number, issuer);
  }

  /** An issuer is told. */
  acknowledge(number: number, issuer: number): void {
    const { world } = this.#deps;
    const doneMs = this.#deps.acknowledge(issuer, this.#batches.get(number)?.settled.get(issuer) ?? []);
    world.plan(doneMs + this.#latencies.issuer.draw() / 2, KIND.settle, number);
  }

  #end(batch: Batch, number: number): void {
    batch.unanswered -= 1;
    if (batch.unanswered > 0) return;
    this.#batches.delete(number);
    const { delivery } = batch;
    if (batch.failed) delivery.failed.push(...batch.messages);
    delivery.open -= 1;
    if (delivery.open === 0) delivery.queue.done(delivery.bytes, delivery.failed);
  }

  #settledFor({ settled }: Batch, number: number): void {
    const { issuer } = this.#deps.block(number);
    const blocks = settled.get(issuer) ?? [];
    blocks.push(number);
    settled.set(issuer, blocks);
  }

  #ledger({ ledger }: Batch): Processor {
    const processor = this.ledgers[ledger];
    if (processor === undefined) throw new Error("there is no such ledger");
    return processor;
  }
}
