import type { PermitReply, PermitRequest } from "../protocol.ts";
import { admit, admits, judge } from "./breaker.ts";
import type { Breaker, Reported } from "./breaker.ts";
import { arrive, depart, NOTHING_IN_FLIGHT, room } from "./in-flight.ts";
import type { InFlight } from "./in-flight.ts";
import { emptyBucket, takeTokens } from "./token-bucket.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** How soon to ask again when as many calls as may be are under way. */
const IN_FLIGHT_WAIT_MS = 20;

/** What stands between all consumers and one provider: may it be called at all, how often at once, how often a second. */
export interface Gate {
  readonly breaker: Breaker;
  readonly inFlight: InFlight;
  readonly bucket: TokenBucket;
}

/** A gate as it wakes: the breaker is what was kept; how many calls are under way is not known, so it begins carefully. */
export function wakeGate(breaker: Breaker, nowMs: number): Gate {
  return { breaker, inFlight: NOTHING_IN_FLIGHT, bucket: emptyBucket(nowMs) };
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
  const { bucket, taken, waitMs } = takeTokens(gate.bucket, wanted, permitsPerSecond, nowMs);
  const waits = [admitted < want ? passage.waitMs : 0, wanted < admitted ? IN_FLIGHT_WAIT_MS : 0, taken < wanted ? waitMs : 0];
  return {
    gate: { breaker: admit(gate.breaker, taken, nowMs), inFlight: depart(gate.inFlight, taken, nowMs), bucket },
    reply: { permits: taken, retryAfterMs: Math.max(...waits) },
  };
}

/** Takes note of how calls went. */
export function reportCalls(gate: Gate, reported: Reported, nowMs: number): Gate {
  return { ...gate, breaker: judge(gate.breaker, reported, nowMs), inFlight: arrive(gate.inFlight, reported, nowMs) };
}
