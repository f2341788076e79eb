/** A permit not reported on by then is that of a caller that died; longer than any call may take. */
export const PERMIT_LIFE_MS = 15_000;
/** Calls at once to a provider of whose speed nothing is known yet, and the least to one that is well: few, so that few find out that it is down. */
const FEW_CALLS = 2;
/** Six connections for each of ten consumers, the most that the platform lets happen. */
const MAX_CALLS = 60;
/** Weight of the latest report in the moving average of how long calls take. */
const LATEST_WEIGHT = 0.2;

interface Lot {
  readonly permits: number;
  readonly atMs: number;
}

/** Permits given and not yet reported on. */
export interface InFlight {
  /** Oldest first. */
  readonly lots: readonly Lot[];
  /** How long calls take that succeed, on average; null while none has. */
  readonly latencyMs: number | null;
  /** The latest report held a failure. */
  readonly failing: boolean;
}

export const NOTHING_IN_FLIGHT: InFlight = { lots: [], latencyMs: null, failing: false };

/** Permits that may be given now. */
export function room(inFlight: InFlight, permitsPerSecond: number, nowMs: number): number {
  const out = alive(inFlight.lots, nowMs).reduce((sum, { permits }) => sum + permits, 0);
  return Math.max(0, limit(inFlight, permitsPerSecond) - out);
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
    latencyMs: learnt ? average(inFlight.latencyMs, nowMs - oldest.atMs) : inFlight.latencyMs,
    failing: failed > 0,
  };
}

/**
 * The calls at once that the rate needs at the provider's own speed (Little's law), and one more; one alone while it fails.
 * A provider that hangs or dies all of a sudden thus costs no more calls than were under way.
 */
function limit({ latencyMs, failing }: InFlight, permitsPerSecond: number): number {
  if (failing) return 1;
  if (latencyMs === null) return FEW_CALLS;
  return Math.min(MAX_CALLS, Math.max(FEW_CALLS, Math.ceil((permitsPerSecond * latencyMs) / 1_000) + 1));
}

function average(known: number | null, latest: number): number {
  return known === null ? latest : known + (latest - known) * LATEST_WEIGHT;
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
