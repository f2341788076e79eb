/** A failed call is made again after about this long, and after twice as long each further time … */
const FIRST_DELAY_MS = 5_000;
/** … up to this: a queue delays a message by twelve hours at most, and an operator's repair should show within the hour. */
const MAX_DELAY_MS = 3_600_000;

/**
 * How long a reward waits after its `attempts`-th failed call, from 1; `jitter`, 0 up to 1, spreads what failed together over the second half
 * of the delay. The provider's own wish is a floor.
 */
export function backoffMs(attempts: number, jitter: number, floorMs = 0): number {
  const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, attempts - 1));
  return Math.max(floorMs, Math.round(delayMs * (0.5 + jitter / 2)));
}
