import type { GateState, PermitReply, PermitRequest } from "../protocol.ts";
import { admit, admits, judge, pace } from "./breaker.ts";
import type { Breaker, Reported } from "./breaker.ts";
import { arrive, depart, NOTHING_IN_FLIGHT, out, room } from "./in-flight.ts";
import type { InFlight } from "./in-flight.ts";
import { emptyBucket, takeTokens } from "./token-bucket.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** How soon to ask again when as many calls as may be are under way. */
const IN_FLIGHT_WAIT_MS = 20;
/** Outcomes kept for an operator to see. */
const MAX_RECENT = 20;

/** What stands between all consumers and one provider: may it be called at all, how often at once, how often a second. */
export interface Gate {
  readonly breaker: Breaker;
  readonly inFlight: InFlight;
  readonly bucket: TokenBucket;
  /** The rate that was last asked for; null until then. */
  readonly permitsPerSecond: number | null;
  /** How the latest calls went, oldest first. */
  readonly recent: GateState["recent"];
}

/** A gate as it wakes: the breaker is what was kept; how many calls are under way is not known, so it begins carefully. */
export function wakeGate(breaker: Breaker, nowMs: number): Gate {
  return { breaker, inFlight: NOTHING_IN_FLIGHT, bucket: emptyBucket(nowMs), permitsPerSecond: null, recent: [] };
}

/** Gives as many of the wanted permits as breaker, calls under way and rate allow; `retryAfterMs` is 0 when all were given. */
export function acquirePermits(
  gate: Gate,
  { want, limits: { permitsPerSecond } }: Pick<PermitRequest, "want" | "limits">,
  nowMs: number,
): { readonly gate: Gate; readonly reply: PermitReply } {
  const passage = admits(gate.breaker, nowMs);
  const admitted = Math.min(want, passage.calls);
  const wanted = Math.min(admitted, room(gate.inFlight, permitsPerSecond, nowMs));
  const { bucket, taken, waitMs } = takeTokens(gate.bucket, wanted, permitsPerSecond * pace(gate.breaker), nowMs);
  const waits = [admitted < want ? passage.waitMs : 0, wanted < admitted ? IN_FLIGHT_WAIT_MS : 0, taken < wanted ? waitMs : 0];
  return {
    gate: { ...gate, breaker: admit(gate.breaker, taken, nowMs), inFlight: depart(gate.inFlight, taken, nowMs), bucket, permitsPerSecond },
    reply: { permits: taken, retryAfterMs: Math.max(...waits) },
  };
}

/** Takes note of how calls went. */
export function reportCalls(gate: Gate, reported: Reported, nowMs: number): Gate {
  const { succeeded, failed, retryAfterMs } = reported;
  return {
    ...gate,
    breaker: judge(gate.breaker, reported, nowMs),
    inFlight: arrive(gate.inFlight, reported, nowMs),
    recent: [...gate.recent, { atMs: nowMs, succeeded, failed, retryAfterMs }].slice(-MAX_RECENT),
  };
}

/** What an operator is shown. */
export function showGate({ breaker, bucket, inFlight, permitsPerSecond, recent }: Gate, nowMs: number): GateState {
  const rate = permitsPerSecond === null ? null : permitsPerSecond * pace(breaker);
  return {
    breaker: breaker.state,
    untilMs: breaker.state === "open" ? breaker.untilMs : null,
    failuresInARow: breaker.failures.length,
    permitsPerSecond,
    pacePerSecond: rate,
    tokens: rate === null ? bucket.tokens : takeTokens(bucket, 0, rate, nowMs).bucket.tokens,
    inFlight: out(inFlight, nowMs),
    recent,
  };
}
