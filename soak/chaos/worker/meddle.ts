import { aroundBinding, aroundLedger, aroundObjects, retryableError } from "../../../test/workerd/around.ts";
import type { Around } from "../../../test/workerd/around.ts";
import type { InnerFault, InnerTarget } from "../faults.ts";

const MAX_SLOW_MS = 1_500;
/** Of the calls of something flaky, those that go wrong. */
const FLAKY_RATE = 0.3;
const FLAKY_FAULTS: readonly InnerFault[] = ["slow", "error", "reply lost"];

/** The faults in force. A killed server forgets them, as it should. */
const faults = new Map<InnerTarget, InnerFault>();

export function setFault(target: InnerTarget, fault: InnerFault | null): void {
  if (fault === null) faults.delete(target);
  else faults.set(target, fault);
}

function faultNow(target: InnerTarget): InnerFault | undefined {
  const fault = faults.get(target);
  if (fault !== "flaky") return fault;
  return Math.random() < FLAKY_RATE ? FLAKY_FAULTS[Math.floor(Math.random() * FLAKY_FAULTS.length)] : undefined;
}

/** Does a call as the fault in force has it. */
function meddle(target: InnerTarget): Around {
  return async (_, work) => {
    switch (faultNow(target)) {
      case "slow":
        await scheduler.wait(Math.random() * MAX_SLOW_MS);
        return work();
      case "error":
        throw retryableError(`${target} is away`);
      case "reply lost":
        await work();
        throw retryableError(`${target} was not heard`);
      case "lost":
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      case "doubled":
        await work();
        return work();
      default:
        return work();
    }
  };
}

const meddled = new WeakMap<Env, Env>();

/** The Worker's bindings, each as faulty as it is told to be. */
export function meddledEnv(env: Env): Env {
  const known = meddled.get(env);
  if (known !== undefined) return known;
  const all: Env = {
    ...env,
    LEDGER: aroundLedger(env.LEDGER, meddle("ledger")),
    LAKE: aroundBinding(env.LAKE, meddle("lake")),
    CONFIG: aroundBinding(env.CONFIG, meddle("config")),
    CARD_EVENTS: aroundBinding(env.CARD_EVENTS, meddle("card-events")),
    REWARDS: aroundBinding(env.REWARDS, meddle("rewards")),
    PRIZE_POOL: aroundObjects(env.PRIZE_POOL, meddle("pool")),
    CARD_ISSUER: aroundObjects(env.CARD_ISSUER, meddle("issuer")),
    REWARD_GATE: aroundObjects(env.REWARD_GATE, meddle("gate")),
  };
  meddled.set(env, all);
  return all;
}

/** Hands a batch to its consumer as a queue may: not at all, twice, in another order, or to a consumer that dies after its work. */
export async function deliver(batch: MessageBatch, consume: (batch: MessageBatch) => Promise<void>): Promise<void> {
  const target = `${batch.queue} batches`;
  const fault = target === "card-events batches" || target === "rewards batches" ? faultNow(target) : undefined;
  switch (fault) {
    case "dropped":
      batch.ackAll();
      return;
    case "doubled":
      await consume(batch);
      await consume(batch);
      return;
    case "reordered":
      await consume({
        queue: batch.queue,
        metadata: batch.metadata,
        messages: batch.messages.toReversed(),
        ackAll: () => batch.ackAll(),
        retryAll: (options) => batch.retryAll(options),
      });
      return;
    case "crash":
      await consume(unheard(batch));
      throw new Error("the consumer died after its work");
    default:
      await consume(batch);
  }
}

/** A batch whose queue hears nothing of what became of it. */
function unheard({ queue, metadata, messages }: MessageBatch): MessageBatch {
  const unheardMessages = messages.map(({ id, timestamp, body, attempts }): Message => ({
    id,
    timestamp,
    body,
    attempts,
    ack: () => {},
    retry: () => {},
  }));
  return { queue, metadata, messages: unheardMessages, ackAll: () => {}, retryAll: () => {} };
}
