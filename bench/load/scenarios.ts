import { BULK, SPIKE_DRAWS, bulkCrowd, envelopeCrowd, helloCrowd, lifeCrowd, spikeCrowd, winnerCrowd } from "./crowds.ts";
import type { MakeCrowd } from "./crowds.ts";
import type { Bounds } from "./judge.ts";
import { spike, steady } from "./shape.ts";
import type { Shape } from "./shape.ts";

export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** What a campaign of its own is like; null where there is none. */
  readonly campaign: { readonly settings: Readonly<Record<string, unknown>>; readonly stock: ReadonlyMap<string, number> } | null;
  readonly crowd: MakeCrowd;
  /** Cards that a visitor draws at most. */
  readonly draws: number;
  /** Arrivals a second, at the peak where there is one. */
  readonly rate: number;
  readonly seconds: number;
  readonly shape: (rate: number, seconds: number) => Shape;
  readonly connections: number;
  readonly bounds: Bounds;
  /** As a smoke. */
  readonly quick: { readonly rate: number; readonly seconds: number };
}

/** What a user does not feel. */
const P99_MS = 250;
const STEADY: Bounds = { p99Ms: P99_MS, phase: "steady", maxShedShare: 0 };
/** As many as are under way at once when a few hundred a second take a quarter of a second. */
const CONNECTIONS = 256;
/** A crowd that comes at once does not share connections. */
const SPIKE_CONNECTIONS = 2_000;
const PEAK_PER_SECOND = 600;
/** More than any run draws; one card in seven needs the reward system. */
const STOCK = new Map([
  ["points-10", 200_000],
  ["coupon-50", 400_000],
  ["thanks", 800_000],
]);
const settings = { expectedPeakPerSecond: PEAK_PER_SECOND, limits: {} };
const shape = (rate: number, seconds: number): Shape => steady(rate, seconds * 1_000);
const usual = { draws: 1, campaign: { settings, stock: STOCK }, shape, connections: CONNECTIONS, bounds: STEADY };

const COUPONS = new Map([["coupon-50", 300_000]]);
const SPIKE_DRAIN_MS = 10_000;
const SPIKE_AFTER_MS = 5_000;

export const LIFE: Scenario = {
  ...usual,
  name: "life",
  what: "a draw, three looks at the card, a scratch and a redemption; one user in twenty signs in",
  crowd: lifeCrowd,
  rate: 100,
  seconds: 30,
  quick: { rate: 40, seconds: 8 },
};

export const SCENARIOS: readonly Scenario[] = [
  LIFE,
  {
    ...usual,
    name: "everyone-wins",
    what: "every card wins a coupon, and is scratched and redeemed",
    campaign: { settings: { ...settings, fallback: undefined }, stock: COUPONS },
    crowd: winnerCrowd,
    rate: 100,
    seconds: 30,
    quick: { rate: 40, seconds: 8 },
  },
  {
    ...usual,
    name: "spike",
    what: "draws and openings of the page, from nothing to the peak in two seconds, and back",
    crowd: spikeCrowd,
    draws: SPIKE_DRAWS,
    rate: 1_000,
    seconds: 5,
    shape: (rate, seconds) => spike(rate, { holdMs: seconds * 1_000, drainMs: SPIKE_DRAIN_MS, afterMs: SPIKE_AFTER_MS }),
    connections: SPIKE_CONNECTIONS,
    bounds: { p99Ms: P99_MS, phase: "after", maxShedShare: 0.9 },
    quick: { rate: 300, seconds: 2 },
  },
  {
    ...usual,
    name: "red-envelope",
    what: "people who are signed in open one envelope each",
    campaign: { settings: { ...settings, selfService: true, limits: { perRecipient: 1 } }, stock: STOCK },
    crowd: envelopeCrowd,
    rate: 300,
    seconds: 30,
    quick: { rate: 150, seconds: 6 },
  },
  {
    ...usual,
    name: "bulk",
    what: "a partner draws by the hundred",
    crowd: bulkCrowd,
    draws: BULK,
    rate: 60,
    seconds: 20,
    quick: { rate: 20, seconds: 5 },
  },
];

/** What the runtime does for nothing: the measure of the others. */
export const HELLO: Scenario = {
  ...usual,
  name: "hello",
  what: "a Worker that says hello",
  campaign: null,
  crowd: helloCrowd,
  draws: 0,
  rate: 2_000,
  seconds: 10,
  quick: { rate: 1_000, seconds: 3 },
};
