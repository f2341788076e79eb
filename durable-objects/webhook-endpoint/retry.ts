const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long an event waits after its first failed attempt, its second, and so on; the last stands for all further ones. */
const DELAYS_MS = [5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS];
/** An event is given up this long after it was heard, with a last attempt then. */
export const GIVE_UP_AFTER_MS = 72 * HOUR_MS;

/** When an event is due again after its `attempts`-th failed attempt, from 1; null: it is given up. `jitter`, 0 up to 1, spreads what failed together. */
export function dueAgainAt(event: { readonly attempts: number; readonly heardAtMs: number }, nowMs: number, jitter: number): number | null {
  const lastAtMs = event.heardAtMs + GIVE_UP_AFTER_MS;
  if (nowMs >= lastAtMs) return null;
  const delayMs = DELAYS_MS[Math.min(event.attempts, DELAYS_MS.length) - 1] ?? 0;
  return Math.min(lastAtMs, nowMs + Math.round(delayMs * (0.75 + jitter / 2)));
}
