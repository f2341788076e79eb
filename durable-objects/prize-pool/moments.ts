import { keystreamWords } from "./keystream.ts";
import { derivedSeed } from "./seeds.ts";

const UINT32_RANGE = 2 ** 32;

/**
 * Release times of `cards` winning moments, milliseconds since the epoch, rising: uniform in [fromMs, toMs), drawn from the committed seed, so that
 * they can be recomputed once it is public. 53 random bits each.
 */
export function drawMoments(
  seed: Uint8Array,
  cards: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Float64Array {
  const nextWord = keystreamWords(derivedSeed(seed, "moments", 0));
  const times = Float64Array.from({ length: cards }, () => {
    const share = (nextWord() + (nextWord() >>> 11) / 2 ** 21) / UINT32_RANGE;
    return Math.floor(fromMs + share * (toMs - fromMs));
  });
  return times.sort();
}

/** How many moments have come by `nowMs`. */
export function releasedBy(moments: Float64Array, nowMs: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((moments[middle] ?? Infinity) <= nowMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
