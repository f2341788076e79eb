/** A permit not reported on by then is that of a caller that died; longer than any call may take. */
export const PERMIT_LIFE_MS = 15_000;
/** Calls at once to a provider that is fast, or of whose speed nothing is known yet: few, so that few find out that it is down. */
const FEW_CALLS = 2;
/** Six connections for each of ten consumers, the most that the platform lets happen. */
const MAX_CALLS = 60;
/**
 * What is held of how long calls take follows the latest report: quickly to a shorter time, by this part of the way; to a longer one in small
 * steps, however long it was. A stall, ours or the provider's, is no reason for more calls at once.
 */
const SHORTER_WEIGHT = 0.3;
const LONGER_FACTOR = 1.02;
const LONGER_STEP_MS = 0.3;

interface Lot {
  readonly permits: number;
  readonly atMs: number;
}

/** Permits given and not yet reported on. */
export interface InFlight {
  /** Oldest first. */
  readonly lots: readonly Lot[];
  /** How long calls take that succeed, on the short side of average; 0 until it is known. */
  readonly latencyMs: number;
  /** The latest report held a failure. */
  readonly failing: boolean;
}

export const NOTHING_IN_FLIGHT: InFlight = { lots: [], latencyMs: 0, failing: false };

/** Permits that may be given now. */
export function room(inFlight: InFlight, permitsPerSecond: number, nowMs: number): number {
  return Math.max(0, limit(inFlight, permitsPerSecond) - out(inFlight, nowMs));
}

/** Permits that are out. */
export function out({ lots }: InFlight, nowMs: number): number {
  return alive(lots, nowMs).reduce((sum, { permits }) => sum + permits, 0);
}

/** Notes that permits were given. */
export function depart(inFlight: InFlight, permits: number, nowMs: number): InFlight {
  return permits === 0 ? inFlight : { ...inFlight, lots: [...alive(inFlight.lots, nowMs), { permits, atMs: nowMs }] };
}

/** Notes that calls came back. Which of the permits they had nobody knows; taking the oldest is right on average. */
export function arrive(
  inFlight: InFlight,
  { succeeded, failed }: { readonly succeeded: number; readonly failed: number },
  nowMs: number,
): InFlight {
  const oldest = inFlight.lots[0];
  const learnt = oldest !== undefined && failed === 0 && succeeded > 0;
  return {
    lots: dropOldest(inFlight.lots, succeeded + failed),
    latencyMs: learnt ? follow(inFlight.latencyMs, nowMs - oldest.atMs) : inFlight.latencyMs,
    failing: failed > 0,
  };
}

/**
 * The calls at once that the rate needs at the provider's own speed (Little's law), and one more; one alone while it fails.
 * A provider that hangs or dies all of a sudden thus costs no more calls than were under way.
 */
function limit({ latencyMs, failing }: InFlight, permitsPerSecond: number): number {
  if (failing) return 1;
  return Math.min(MAX_CALLS, Math.max(FEW_CALLS, Math.ceil((permitsPerSecond * latencyMs) / 1_000) + 1));
}

function follow(held: number, latest: number): number {
  if (latest < held) return held + (latest - held) * SHORTER_WEIGHT;
  return Math.min(latest, held * LONGER_FACTOR + LONGER_STEP_MS);
}

function alive(lots: readonly Lot[], nowMs: number): Lot[] {
  return lots.filter(({ atMs }) => nowMs - atMs < PERMIT_LIFE_MS);
}

function dropOldest(lots: readonly Lot[], permits: number): Lot[] {
  const left: Lot[] = [];
  let gone = permits;
  for (const lot of lots) {
    const kept = Math.max(0, lot.permits - gone);
    gone -= lot.permits - kept;
    if (kept > 0) left.push({ permits: kept, atMs: lot.atMs });
  }
  return left;
}
