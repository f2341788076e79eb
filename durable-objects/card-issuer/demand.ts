/** A lease is meant to last this long at the recent rate. */
const LEASE_HORIZON_S = 2;
/** Asked for when nothing is known of the rate yet. */
const MIN_WANT_CARDS = 16;
const MAX_WANT_CARDS = 20_000;
/** Two seconds of the draws that an issuer is made for. */
export const WARM_UP_CARDS = 600;
/** A draw that has waited for stock this long is answered `overloaded`; the caller asks again. */
export const MAX_WAIT_MS = 3_000;
/** The recent rate is a moving average that forgets by a factor e in this time. */
const RATE_MEMORY_MS = 2_000;

/** How fast cards went lately, in cards a second; pure arithmetic on the moments it is told. */
export interface DrawRate {
  readonly perSecond: number;
  readonly atMs: number;
}

export const NO_RATE: DrawRate = { perSecond: 0, atMs: 0 };

export function recordDraws(rate: DrawRate, draws: number, nowMs: number): DrawRate {
  const kept = Math.exp(-Math.max(0, nowMs - rate.atMs) / RATE_MEMORY_MS);
  return { perSecond: rate.perSecond * kept + (draws * 1_000) / RATE_MEMORY_MS, atMs: nowMs };
}

/** Cards to ask the pool for: two seconds' worth, and at least what waits. */
export function wantedCards(rate: DrawRate, waiting: number): number {
  return Math.min(MAX_WANT_CARDS, Math.max(MIN_WANT_CARDS, waiting, Math.ceil(rate.perSecond * LEASE_HORIZON_S)));
}

/** Refill before running dry: when less than half a lease is left. */
export function needsRefill(held: number, rate: DrawRate): boolean {
  return held < wantedCards(rate, 0) / 2;
}
