import type { GateReport, PermitReply, PermitRequest, RewardGateRpc } from "../../durable-objects/protocol.ts";
import type { Errand } from "./by-gate.ts";
import type { GateAddress, GrantDeps, GrantOutcome, ParamedReward } from "./provider.ts";

/** A gate that has no permit for this long is left alone, and its rewards come again; below that, waiting is cheaper than another message. */
const MAX_WAIT_MS = 2_000;
/** Not asked more often than this: what comes in meanwhile is taken together. */
const MIN_WAIT_MS = 10;
/** What has not had its turn by then comes again with another message. With the last call's time-out, far below a consumer's 15 minutes. */
const TURN_MS = 20_000;
/** When the gate itself does not answer, and how long it may take over an answer: it does no I/O but its own storage's. */
const GATE_LOST_MS = 5_000;
const GATE_ANSWER_MS = 5_000;

export interface Passage {
  readonly gate: GateAddress;
  /** Calls at once. */
  readonly lanes: number;
  /** A stub of the gate; a fresh one for each call. */
  readonly stub: () => Pick<RewardGateRpc, "acquire" | "report">;
  readonly deps: GrantDeps;
  readonly wait: (ms: number) => Promise<void>;
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
    const reply = await acquire(passage, { provider: gate.provider, limits: gate.limits, want });
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
  await report(passage, reportOf(gate.provider, outcome));
  return outcome;
}

/** A refusal is a provider that works. */
function reportOf(provider: string, outcome: GrantOutcome): GateReport {
  const failed = outcome.outcome === "retry";
  return { provider, succeeded: failed ? 0 : 1, failed: failed ? 1 : 0, retryAfterMs: failed ? (outcome.afterMs ?? null) : null };
}

async function acquire({ stub, wait }: Passage, request: PermitRequest): Promise<PermitReply> {
  try {
    return await inTime(stub().acquire(request), wait);
  } catch (error) {
    console.error(JSON.stringify({ message: "a reward gate did not answer", provider: request.provider, error: String(error) }));
    return { permits: 0, retryAfterMs: GATE_LOST_MS };
  }
}

/** A report that is lost costs its permit's life, no more. */
async function report({ stub, wait }: Passage, gateReport: GateReport): Promise<void> {
  try {
    await inTime(stub().report(gateReport), wait);
  } catch (error) {
    console.error(JSON.stringify({ message: "a reward gate took no report", provider: gateReport.provider, error: String(error) }));
  }
}

/** The gate's answer, unless it takes too long: permits that it gives then are nobody's, and come free again by themselves. */
async function inTime<T>(answer: Promise<T>, wait: Passage["wait"]): Promise<T> {
  const late = wait(GATE_ANSWER_MS).then(() => {
    throw new Error(`no answer within ${GATE_ANSWER_MS / 1_000} s`);
  });
  return Promise.race([answer, late]);
}
