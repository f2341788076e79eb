import type { ServiceTimes, Sizes } from "../times/service-times.ts";
import type { Latency } from "./random.ts";

/** All that a simulation is told; the same settings give the same run, to the last digit. */
export interface Settings {
  readonly seed: number;
  readonly load: Load;
  /** Issuers of the campaign. */
  readonly shards: number;
  /** D1 databases over which its shards are spread: a batch has a transaction in each that has a block in it. */
  readonly ledgers: number;
  /** Queues over which its shards are spread. */
  readonly queues: number;
  readonly consumer: Consumer;
  readonly platform: Platform;
  readonly times: ServiceTimes;
  readonly sizes: Pick<Sizes, "event" | "cardInLedger">;
}

export interface Load {
  readonly drawsPerSecond: number;
  readonly seconds: number;
  /** Draws of one call. */
  readonly bulk: number;
  /** Whether calls come by chance, knowing nothing of each other, or at even distances. */
  readonly arrivals: "by chance" | "evenly";
}

/** How a queue's messages are brought to the Worker: `[[queues.consumers]]` of wrangler.toml. */
export interface Consumer {
  readonly batchSize: number;
  readonly batchTimeoutMs: number;
  readonly concurrency: number;
  readonly retryDelayMs: number;
  readonly retries: number;
}

/** What the app stands on. */
export interface Platform {
  /** Whether one thread does the work of all: issuers, consumers, ledgers and the edge. So it is in Miniflare; on Cloudflare each has its own. */
  readonly sharedThread: boolean;
  /** By how much longer everything takes than its own time, for what else the machine does. */
  readonly slowdown: number;
  /** The least time that an object takes over a request, whatever is in it. */
  readonly objectRequestMs: number;
  /** Until what an object has stored is safe, and its answer goes out. */
  readonly commit: Latency;
  /** Whether the thread waits for that, or goes on. */
  readonly commitBlocks: boolean;
  /** There and back. */
  readonly edgeToIssuer: Latency;
  readonly issuerToPool: Latency;
  readonly consumerToLedger: Latency;
  readonly consumerToIssuer: Latency;
  /** Until a `sendBatch` is answered. */
  readonly queueSend: Latency;
  /** From a batch that is due to its consumer. */
  readonly queueDelivery: Latency;
  readonly lakePut: Latency;
  /** Calls that one invocation has under way at a time. */
  readonly connections: number;
  /** By how much longer D1 takes over a settlement than its measured time. */
  readonly ledgerSlowdown: number;
  /** What a transaction of D1 waits for its commit, during which it does nothing else. */
  readonly ledgerCommit: Latency;
  readonly ledgerBytes: number;
  readonly queueMessagesPerSecond: number;
  readonly queueBytes: number;
  /** How a queue decides when to bring what to whom. */
  readonly delivery: "cloudflare" | "miniflare";
}
