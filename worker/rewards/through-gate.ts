import type { GateReport } from "../../durable-objects/protocol.ts";
import type { Errand } from "./by-gate.ts";
import { askForPermits, tellGate } from "./permits.ts";
import type { GateAccess } from "./permits.ts";
import type { GateAddress, GrantDeps, GrantOutcome, ParamedReward } from "./provider.ts";

/** A gate that has no permit for this long is left alone, and its rewards come again; below that, waiting is cheaper than another message. */
const MAX_WAIT_MS = 2_000;
/** Not asked more often than this: what comes in meanwhile is taken together. */
const MIN_WAIT_MS = 10;
/** What has not had its turn by then comes again with another message. With the last call's time-out, far below a consumer's 15 minutes. */
const TURN_MS = 20_000;

export interface Passage extends GateAccess {
  readonly gate: GateAddress;
  /** Calls at once. */
  readonly lanes: number;
  readonly deps: GrantDeps;
}

export interface Passed {
  readonly asked: readonly { readonly reward: ParamedReward; readonly outcome: GrantOutcome }[];
  /** No call was made for these. */
  readonly left: readonly Errand[];
  /** How soon the gate may have permits for them. */
  readonly retryAfterMs: number;
}

/** Asks a provider for rewards, as many at once and as fast as its gate permits; never calls without a permit, and reports on each. */
export async function passThroughGate(errands: readonly Errand[], passage: Passage): Promise<Passed> {
  const { gate, lanes, wait } = passage;
  const { nowMs } = passage.deps;
  const untilMs = nowMs() + TURN_MS;
  const left = [...errands];
  const asked: { reward: ParamedReward; outcome: GrantOutcome }[] = [];
  const running = new Set<Promise<void>>();
  let retryAfterMs = 0;

  while (left.length > 0 && nowMs() < untilMs) {
    if (running.size >= lanes) {
      await Promise.race(running);
      continue;
    }
    const want = Math.min(lanes - running.size, left.length);
    const reply = await askForPermits(passage, { provider: gate.provider, limits: gate.limits, want });
    for (const errand of left.splice(0, reply.permits)) {
      const call = callOnce(errand, passage)
        .then((outcome) => void asked.push({ reward: errand.reward, outcome }))
        .finally(() => running.delete(call));
      running.add(call);
    }
    ({ retryAfterMs } = reply);
    if (retryAfterMs > MAX_WAIT_MS) break;
    if (reply.permits === 0) await Promise.race([wait(Math.max(MIN_WAIT_MS, retryAfterMs)), ...running]);
  }
  await Promise.all(running);
  return { asked, left, retryAfterMs };
}

/** One call, and its report. A provider's bug is a failed call, for the permit is used and nobody knows what happened. */
async function callOnce({ reward, provider }: Errand, passage: Passage): Promise<GrantOutcome> {
  const { gate, deps } = passage;
  let outcome: GrantOutcome;
  try {
    outcome = await provider.grant(reward, deps);
  } catch (error) {
    console.error(JSON.stringify({ message: "a reward provider threw", provider: gate.provider, error: String(error) }));
    outcome = { outcome: "retry", reason: "the provider's code failed" };
  }
  await tellGate(passage, reportOf(gate.provider, outcome));
  return outcome;
}

/** A refusal is a provider that works. */
function reportOf(provider: string, outcome: GrantOutcome): GateReport {
  const failed = outcome.outcome === "retry";
  return { provider, succeeded: failed ? 0 : 1, failed: failed ? 1 : 0, retryAfterMs: failed ? (outcome.afterMs ?? null) : null };
}
