/** The first few failures are most likely the provider's, which its gate meters for all: the same reward soon has another try. */
const SOON_MS = 2_000;
const SOON_ATTEMPTS = 6;
/** One that fails again and again is asked for after twice as long each further time, up to this: an operator's repair should show within the hour. */
const MAX_DELAY_MS = 3_600_000;

/**
 * How long a reward waits after its `attempts`-th failed call, from 1; `jitter`, 0 up to 1, spreads what failed together over the second half
 * of the delay. The provider's own wish is a floor.
 */
export function backoffMs(attempts: number, jitter: number, floorMs = 0): number {
  const delayMs = Math.min(MAX_DELAY_MS, SOON_MS * 2 ** Math.max(0, attempts - SOON_ATTEMPTS));
  return Math.max(floorMs, Math.round(delayMs * (0.5 + jitter / 2)));
}
