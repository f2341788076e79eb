import { MAX_BLOCK_BYTES } from "../../../durable-objects/card-issuer/outbox.ts";
import { LIMITS, LOAD } from "./parameters.ts";
import type { Changes } from "./parameters.ts";
import type { Settings } from "./settings.ts";
import type { Simulated, Station } from "./simulate.ts";
import type { Sizes } from "../times/service-times.ts";

export interface Configuration {
  readonly name: string;
  /** What there is, what wrangler.toml could say, or what would have to be built. */
  readonly needs: "nothing" | "settings" | "building";
  readonly changes: Changes;
}

/** Ledgers of the configuration that holds, though D1's measured times are doubled. */
const LEDGERS = 32;
const AS_MANY_CONSUMERS = { concurrency: LIMITS.queueConcurrency.is };
/** One queue takes the messages of all, and its batches are parted by ledger. */
const BUILT: Changes = { ledgers: LEDGERS, consumer: AS_MANY_CONSUMERS };

/** Each is played for the whole ten minutes, and for as long after. */
export const CONFIGURATIONS: readonly Configuration[] = [
  { name: "as it is", needs: "nothing", changes: {} },
  { name: "as many consumers as a queue may have", needs: "settings", changes: { consumer: AS_MANY_CONSUMERS } },
  { name: `${LEDGERS} ledgers, a queue each`, needs: "building", changes: { ledgers: LEDGERS, queues: LEDGERS } },
  { name: `${LEDGERS} ledgers, one queue with as many consumers as it may have`, needs: "settings", changes: BUILT },
];

export const VARIATION_SECONDS = 60;

/** The last configuration with one thing changed, for a minute each: what moves the first bottleneck. */
export const VARIATIONS: readonly Configuration[] = [
  vary("nothing", {}),
  vary("100 issuers", { shards: 100 }),
  vary("334 issuers, as a peak of 100,000 gives", { shards: 334 }),
  vary("512 issuers", { shards: 512 }),
  vary("1 ledger", { ledgers: 1 }),
  vary("4 ledgers", { ledgers: 4 }),
  vary("8 ledgers", { ledgers: 8 }),
  vary("16 ledgers", { ledgers: 16 }),
  vary("64 ledgers", { ledgers: 64 }),
  vary("batches of 5", { consumer: { batchSize: 5 } }),
  vary("batches of 20", { consumer: { batchSize: 20 } }),
  vary("10 consumers", { consumer: { concurrency: 10 } }),
  vary("50 consumers", { consumer: { concurrency: 50 } }),
  vary("a queue for each ledger", { queues: LEDGERS }),
  vary("single draws", { load: { bulk: 1 } }),
  vary("calls of 10", { load: { bulk: 10 } }),
  vary("calls of 500", { load: { bulk: 500 } }),
  vary("objects take 500 requests/s", { platform: { objectRequestMs: 2 } }),
  vary("D1 as fast as here", { platform: { ledgerSlowdown: 1 } }),
  vary("D1 four times as slow", { platform: { ledgerSlowdown: 4 } }),
  vary("2 s a put of R2", { platform: { lakePut: { medianMs: 2_000, p99Ms: 8_000 } } }),
];

function vary(name: string, { load, consumer, ...changes }: Changes): Configuration {
  const merged = { consumer: { ...BUILT.consumer, ...consumer }, load: { seconds: VARIATION_SECONDS, ...load } };
  return { name, needs: "settings", changes: { ...BUILT, ...changes, ...merged } };
}

export interface Verdict {
  readonly holds: boolean;
  /** What is nearest to its limit, or past it. */
  readonly bottleneck: Station;
  /** Whether the ledgers have room for all cards of the whole ten minutes, as they are issued. */
  readonly hasRoom: boolean;
  /** What a settlement of full blocks has D1 take as one value, by what D1 takes; null where that is within. */
  readonly tooLargeBy: number | null;
}

const MOST_P99_MS = 1_000;
/** After a load, to drain takes no longer than the load did. */
const MOST_DRAIN_BY_LOAD = 1;

/** Whether the load was held: no draw was shed, 99 of a hundred calls took less than a second, everything was settled within as long again, and there is room for it. */
export function judge(
  { load, ledgers, consumer, sizes }: Settings,
  { cardParameter }: Pick<Sizes, "cardParameter">,
  simulated: Simulated,
): Verdict {
  const { shed, p99Ms, drainedAfterS, utilisation } = simulated;
  const stations = Object.entries(utilisation) as [Station, Simulated["utilisation"][Station]][];
  const [busiest] = stations.toSorted(([, a], [, b]) => b.most - a.most);
  const hasRoom = (LOAD.seconds * load.drawsPerSecond * sizes.cardInLedger) / ledgers <= LIMITS.ledgerBytes.is;
  const value = consumer.batchSize * (MAX_BLOCK_BYTES / sizes.event) * cardParameter;
  const isHeld = shed === 0 && (p99Ms ?? 0) < MOST_P99_MS && drainedAfterS !== null && drainedAfterS <= load.seconds * MOST_DRAIN_BY_LOAD;
  return {
    holds: isHeld && hasRoom,
    bottleneck: busiest?.[0] ?? "issuers",
    hasRoom,
    tooLargeBy: value > LIMITS.ledgerParameterBytes.is ? value / LIMITS.ledgerParameterBytes.is : null,
  };
}
