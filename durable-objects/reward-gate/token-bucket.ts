/** Part of a second's permits that may go out at once after a pause. More would be a blow to the provider, less a call per permit. */
const BURST_SHARE = 0.05;
const MIN_BURST = 2;
/** The provider counts arrivals, not permits, and calls travel unevenly: a second of its clock may see a tenth more than left here within one. */
const REFILL_SHARE = 0.9;

/** A permit that is whole but for the rounding of its sum is whole; what it lacks stays owed. */
const ROUNDING = 1e-9;

/** Permits that lie ready, a fraction included, as of `atMs`. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A bucket begins empty, so that a gate that was evicted and woken does not give a second burst within the same second. */
export function emptyBucket(nowMs: number): TokenBucket {
  return { tokens: 0, atMs: nowMs };
}

/**
 * Takes up to `want` whole permits; `waitMs` is how long until there is another one, 0 if there is one now.
 * No second holds more than `permitsPerSecond` of them; below one a second, no `1 / permitsPerSecond` seconds hold two.
 */
export function takeTokens(
  bucket: TokenBucket,
  want: number,
  permitsPerSecond: number,
  nowMs: number,
): { readonly bucket: TokenBucket; readonly taken: number; readonly waitMs: number } {
  const rate = refillPerSecond(permitsPerSecond);
  const atMs = Math.max(bucket.atMs, nowMs);
  const tokens = Math.min(burst(permitsPerSecond), bucket.tokens + ((atMs - bucket.atMs) / 1_000) * rate);
  const taken = Math.max(0, Math.min(Math.floor(want), Math.floor(tokens + ROUNDING)));
  const left = tokens - taken;
  return { bucket: { tokens: left, atMs }, taken, waitMs: left + ROUNDING >= 1 ? 0 : Math.ceil(((1 - left) / rate) * 1_000) };
}

/**
 * Fewer than burst + refill permits can leave within a second: that is never more than the rate. Two at least may go at once, where the rate
 * has room for them: a permit that comes whole between two callers is not lost.
 */
function burst(permitsPerSecond: number): number {
  return permitsPerSecond * (1 - REFILL_SHARE) < MIN_BURST ? 1 : Math.max(MIN_BURST, permitsPerSecond * BURST_SHARE);
}

function refillPerSecond(permitsPerSecond: number): number {
  const refill = permitsPerSecond * REFILL_SHARE;
  return permitsPerSecond < 1 ? refill : Math.min(refill, Math.floor(permitsPerSecond));
}
