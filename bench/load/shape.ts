import type { Random } from "../../soak/random.ts";

/** A stretch of time in which arrivals come at a rate that goes evenly from one to another. */
export interface Stretch {
  readonly name: string;
  readonly ms: number;
  /** Arrivals a second at its beginning, and at its end. */
  readonly from: number;
  readonly to: number;
}

/** A rate over time: one stretch after the other. */
export type Shape = readonly Stretch[];

export function steady(perSecond: number, ms: number): Shape {
  return [{ name: "steady", ms, from: perSecond, to: perSecond }];
}

/** An advertisement goes out: from nobody to the peak this soon. */
const RISE_MS = 2_000;
const FALL_MS = 2_000;
/** Those who come after it, of the peak. */
const LEFT = 0.1;

/**
 * 0 → peak in two seconds, hold, fall to a tenth. Those who then come while what has queued is worked off (`drain`) are told apart from those of
 * whom everything is to be as it was (`after`).
 */
export function spike(
  peak: number,
  { holdMs, drainMs, afterMs }: { readonly holdMs: number; readonly drainMs: number; readonly afterMs: number },
): Shape {
  const left = peak * LEFT;
  return [
    { name: "rise", ms: RISE_MS, from: 0, to: peak },
    { name: "hold", ms: holdMs, from: peak, to: peak },
    { name: "fall", ms: FALL_MS, from: peak, to: left },
    { name: "drain", ms: drainMs, from: left, to: left },
    { name: "after", ms: afterMs, from: left, to: left },
  ];
}

export function lengthMs(shape: Shape): number {
  return shape.reduce((sum, { ms }) => sum + ms, 0);
}

/** When each arrival comes, in ms from the beginning and in order: a Poisson process, as of people who know nothing of each other. */
export function arrivals(shape: Shape, random: Pick<Random, "next">): number[] {
  const times: number[] = [];
  let [beginMs, leftOver] = [0, nextGap(random)];
  for (const { ms, from, to } of shape) {
    const expected = ((from + to) / 2) * (ms / 1_000);
    let reached = leftOver;
    for (; reached < expected; reached += nextGap(random)) times.push(beginMs + whenReached(reached, { ms, from, to }));
    leftOver = reached - expected;
    beginMs += ms;
  }
  return times;
}

/** Arrivals that would be expected between two of them. */
function nextGap(random: Pick<Random, "next">): number {
  return -Math.log(1 - random.next());
}

/** How far into the stretch so many arrivals are expected: where the area under its rate is that large. */
function whenReached(count: number, { ms, from, to }: Pick<Stretch, "ms" | "from" | "to">): number {
  const seconds = ms / 1_000;
  const slope = (to - from) / seconds;
  // from·t + slope·t²/2 = count, solved so that nothing is divided by a slope of 0.
  const t = (2 * count) / (from + Math.sqrt(from ** 2 + 2 * slope * count));
  return Math.min(t, seconds) * 1_000;
}
