import type { MeasuredTimes } from "../times/service-times.ts";
import type { Latency } from "./random.ts";
import type { Consumer, Load, Platform, Settings } from "./settings.ts";

/** What a simulation assumes of the platform: a figure, its unit, and where it is from. What no page says is named an assumption, and chosen so that things look worse. */
interface Parameter<Value> {
  readonly is: Value;
  readonly unit: string;
  readonly source: string;
}

const DOCS = "https://developers.cloudflare.com";

/** Limits as the pages said them in November 2026. */
export const LIMITS = {
  objectRequestMs: {
    is: 1,
    unit: "ms that an object takes over a request, at least",
    source: `"soft limit of 1,000 requests per second" an object, ${DOCS}/durable-objects/platform/limits/`,
  },
  ledgerBytes: { is: 10e9, unit: "bytes a D1 database", source: `"10 GB", not to be raised, ${DOCS}/d1/platform/limits/` },
  ledgerThreads: {
    is: 1,
    unit: "transactions at a time",
    source: `"inherently single-threaded, and processes queries one at a time", ${DOCS}/d1/platform/limits/`,
  },
  ledgerStatementMs: { is: 30_000, unit: "ms a query or batch of D1", source: `"30 seconds", ${DOCS}/d1/platform/limits/` },
  ledgerParameterBytes: {
    is: 2e6,
    unit: "bytes a bound value of D1",
    source: `"maximum string, BLOB or table row size", ${DOCS}/d1/platform/limits/`,
  },
  queueMessagesPerSecond: { is: 5_000, unit: "messages a second a queue", source: `${DOCS}/queues/platform/limits/` },
  queueBytes: { is: 25e9, unit: "bytes waiting a queue", source: `${DOCS}/queues/platform/limits/` },
  queueConcurrency: { is: 250, unit: "consumers at a time a queue", source: `${DOCS}/queues/platform/limits/` },
  queueBatch: { is: 100, unit: "messages a batch", source: `${DOCS}/queues/platform/limits/` },
  connections: {
    is: 6,
    unit: "calls under way of one invocation, to the lake",
    source: `"simultaneous outgoing connections/request", ${DOCS}/workers/platform/limits/`,
  },
} as const satisfies Record<string, Parameter<number>>;

/** Latencies, log-normal by their median and 99th percentile. */
export const LATENCIES = {
  edgeToIssuer: {
    is: { medianMs: 40, p99Ms: 200 },
    unit: "ms there and back",
    source:
      "assumption: a whole ping from a client through an object was 40 ms, https://lumenize.com/blog/what-i-got-wrong-about-do-throughput",
  },
  issuerToPool: { is: { medianMs: 40, p99Ms: 200 }, unit: "ms there and back", source: "assumption: as from the edge" },
  commit: {
    is: { medianMs: 12, p99Ms: 60 },
    unit: "ms until an object's write is confirmed",
    source:
      "10 to 13 ms measured by https://lumenize.com/blog/what-i-got-wrong-about-do-throughput; the object goes on meanwhile: https://blog.cloudflare.com/sqlite-in-durable-objects/; the percentile is an assumption",
  },
  queueSend: {
    is: { medianMs: 60, p99Ms: 600 },
    unit: "ms a sendBatch",
    source: "median about 60 ms, https://blog.cloudflare.com/how-we-built-cloudflare-queues/; the percentile is an assumption",
  },
  queueDelivery: { is: { medianMs: 100, p99Ms: 1_000 }, unit: "ms from a batch that is due to its consumer", source: "assumption" },
  consumerToLedger: {
    is: { medianMs: 40, p99Ms: 200 },
    unit: "ms there and back",
    source: "assumption: as from the edge to an object, which a D1 database is",
  },
  consumerToIssuer: { is: { medianMs: 40, p99Ms: 200 }, unit: "ms there and back", source: "assumption: as from the edge" },
  ledgerCommit: {
    is: { medianMs: 12, p99Ms: 60 },
    unit: "ms until D1's transaction is confirmed",
    source: "as an object's; assumption: it begins nothing else meanwhile",
  },
  lakePut: {
    is: { medianMs: 500, p99Ms: 2_000 },
    unit: "ms a put of R2",
    source:
      "assumption: 500 ms is what an upload from the bucket's own region took, 2 s one from afar, in https://blog.cloudflare.com/r2-local-uploads/, of larger objects",
  },
} as const satisfies Record<string, Parameter<Latency>>;

/** By how much longer D1 takes there than here. */
export const LEDGER_SLOWDOWN: Parameter<number> = {
  is: 2,
  unit: "times the measured time of a settlement",
  source:
    "assumption: a database of gigabytes whose keys are random, and whose log is replicated, where the measured one has 130,000 cards",
};

/** As wrangler.toml has it for `card-events`. */
export const CONSUMER: Consumer = { batchSize: 10, batchTimeoutMs: 1_000, concurrency: 10, retryDelayMs: 5_000, retries: 10 };

const CLOUDFLARE: Platform = {
  sharedThread: false,
  slowdown: 1,
  objectRequestMs: LIMITS.objectRequestMs.is,
  commit: LATENCIES.commit.is,
  commitBlocks: false,
  edgeToIssuer: LATENCIES.edgeToIssuer.is,
  issuerToPool: LATENCIES.issuerToPool.is,
  consumerToLedger: LATENCIES.consumerToLedger.is,
  consumerToIssuer: LATENCIES.consumerToIssuer.is,
  queueSend: LATENCIES.queueSend.is,
  queueDelivery: LATENCIES.queueDelivery.is,
  lakePut: LATENCIES.lakePut.is,
  connections: LIMITS.connections.is,
  ledgerSlowdown: LEDGER_SLOWDOWN.is,
  ledgerCommit: LATENCIES.ledgerCommit.is,
  ledgerBytes: LIMITS.ledgerBytes.is,
  queueMessagesPerSecond: LIMITS.queueMessagesPerSecond.is,
  queueBytes: LIMITS.queueBytes.is,
  delivery: "cloudflare",
};

/** What is asked for: 100,000 draws a second for ten minutes, by the hundred. */
export const LOAD: Load = { drawsPerSecond: 100_000, seconds: 600, bulk: 100, arrivals: "by chance" };
const SHARDS = 200;
const SEED = 20_261_128;

export interface Changes {
  readonly load?: Partial<Load>;
  readonly shards?: number;
  readonly ledgers?: number;
  readonly queues?: number;
  readonly consumer?: Partial<Consumer>;
  readonly platform?: Partial<Platform>;
}

/** On Cloudflare, with today's code and settings but for `changes`. */
export function onCloudflare({ times, sizes }: Pick<MeasuredTimes, "times" | "sizes">, changes: Changes = {}): Settings {
  return {
    seed: SEED,
    load: { ...LOAD, ...changes.load },
    shards: changes.shards ?? SHARDS,
    ledgers: changes.ledgers ?? 1,
    queues: changes.queues ?? 1,
    consumer: { ...CONSUMER, ...changes.consumer },
    platform: { ...CLOUDFLARE, ...changes.platform },
    times,
    sizes,
  };
}

const NOW: Latency = { medianMs: 0, p99Ms: 0 };

/** In Miniflare on this machine: one thread does it all, nothing is far away, and the thread waits for the disk. */
export function onThisMachine({ times, sizes, contention }: MeasuredTimes, load: Load, shards: number): Settings {
  const commit = { medianMs: times.disk.perCommit, p99Ms: times.disk.perCommit };
  const near = {
    edgeToIssuer: NOW,
    issuerToPool: NOW,
    consumerToLedger: NOW,
    consumerToIssuer: NOW,
    queueSend: NOW,
    queueDelivery: NOW,
    lakePut: NOW,
    ledgerCommit: NOW,
  };
  return onCloudflare(
    { times, sizes },
    {
      load,
      shards,
      platform: {
        ...near,
        sharedThread: true,
        slowdown: contention,
        objectRequestMs: 0,
        commit,
        commitBlocks: true,
        ledgerSlowdown: 1,
        delivery: "miniflare",
      },
    },
  );
}
