import { expect, test } from "vitest";
import type { PrizeBalance } from "../../scripts/admin-client.ts";
import { judgeBooks, judgeGrowth, judgeLoad } from "./judge.ts";
import type { Books } from "./judge.ts";
import type { Latency, LoadFigures } from "./tally.ts";

const latency = (p99Ms: number, count = 100): Latency => ({ count, p50Ms: 1, p90Ms: 2, p99Ms, p999Ms: p99Ms, maxMs: p99Ms });
const WELL: LoadFigures & { readonly busy: number } = {
  visits: 100,
  completed: 100,
  requests: 100,
  seconds: 10,
  overall: latency(200),
  steps: {},
  phases: { steady: latency(200), after: latency(20) },
  shed: { calls: 0, partly: 0, answeredIn: latency(0, 0) },
  errors: {},
  lag: latency(2),
  doubled: 0,
  timeline: [],
  busy: 0.3,
};
const BOUNDS = { p99Ms: 250, phase: "steady", maxShedShare: 0 };

test("a load that is answered in time holds", () => {
  expect(judgeLoad(WELL, BOUNDS)).toEqual({ status: "held" });
});

test.each<[string, Partial<LoadFigures>, RegExp]>([
  ["an error", { completed: 99, errors: { "draw: timeout": 1 } }, /1 × draw: timeout/],
  ["a visit that came to no end", { completed: 99 }, /1 visits came to no end/],
  ["a card that was issued twice", { doubled: 1 }, /1 cards were issued twice/],
  ["an answer that took too long", { phases: { steady: latency(251) } }, /p99 was 251 ms/],
  ["nobody whose latency was bound", { phases: {} }, /p99 was NaN/],
  ["what was refused for load", { shed: { ...WELL.shed, calls: 1 } }, /1.0 % were refused/],
])("%s breaks it", (_, figures, fault) => {
  expect(judgeLoad({ ...WELL, ...figures }, BOUNDS)).toEqual({ status: "broken", faults: [expect.stringMatching(fault)] });
});

test("a spike may be slow, and shed a share, as long as all is well after it", () => {
  const figures = { ...WELL, overall: latency(5_000), shed: { ...WELL.shed, calls: 80, partly: 20 } };
  expect(judgeLoad(figures, { p99Ms: 250, phase: "after", maxShedShare: 0.5 })).toEqual({ status: "held" });
});

test("figures of a generator that was late or busy are refused; of a slow server a late generator is a small part", () => {
  expect(judgeLoad({ ...WELL, busy: 0.95 }, BOUNDS)).toMatchObject({ status: "refused", reason: expect.stringMatching(/95 %/) });
  expect(judgeLoad({ ...WELL, lag: latency(60) }, BOUNDS)).toMatchObject({
    status: "refused",
    reason: expect.stringMatching(/60 ms late/),
  });
  expect(judgeLoad({ ...WELL, lag: latency(20), overall: latency(30) }, BOUNDS)).toEqual({ status: "held" });
  const slow = { ...WELL, lag: latency(60), overall: latency(2_000), phases: { steady: latency(2_000) } };
  expect(judgeLoad(slow, BOUNDS)).toMatchObject({ status: "broken" });
});

const prize = (over: Partial<PrizeBalance> = {}): PrizeBalance => ({
  prize: "coupon-50",
  kind: "coupon",
  loaded: 10,
  unleased: 7,
  held: 1,
  issued: 2,
  voidedKept: 0,
  expiredKept: 0,
  returned: 0,
  issuedAsFallback: 0,
  redeemed: 1,
  settledIssued: 2,
  settledRedeemed: 1,
  rewards: { granted: 1, pending: 0, failed: 0 },
  ...over,
});
const BOOKS: Books = {
  issued: new Set(["a", "b"]),
  redeemed: 1,
  unknown: 0,
  balance: { prizes: [prize()], unsettled: { blocks: 0, events: 0 }, differences: [] },
  ledger: ["a", "b"],
};

test("books in which every card that was told of is once balance", () => {
  expect(judgeBooks(BOOKS)).toEqual([]);
});

test.each<[string, Partial<Books>, RegExp]>([
  ["a card that is not in the ledger", { ledger: ["a"] }, /1 cards that were issued are not/],
  ["a card that nobody was told of", { ledger: ["a", "b", "c"] }, /1 cards are in the ledger that nobody/],
  ["a card that is there twice", { ledger: ["a", "b", "b"] }, /1 cards are in the ledger twice/],
  [
    "a prize that was oversold",
    { balance: { ...BOOKS.balance, prizes: [prize({ loaded: 1 })] } },
    /more was issued than loaded of coupon-50/,
  ],
  ["a redemption that is not in the ledger", { redeemed: 2 }, /2 cards were redeemed, 1 are/],
  ["a redemption that nobody asked for", { redeemed: 0 }, /0 cards were redeemed, 1 are/],
  ["what has not settled", { balance: { ...BOOKS.balance, unsettled: { blocks: 1, events: 2 } } }, /1 blocks and 2 events/],
  [
    "a reward without its outcome",
    { balance: { ...BOOKS.balance, prizes: [prize({ rewards: { granted: 0, pending: 1, failed: 0 } })] } },
    /1 rewards are pending/,
  ],
  [
    "a reward that failed",
    { balance: { ...BOOKS.balance, prizes: [prize({ rewards: { granted: 0, pending: 0, failed: 1 } })] } },
    /1 rewards have failed/,
  ],
  ["what the app itself finds", { balance: { ...BOOKS.balance, differences: ["it does not add up"] } }, /it does not add up/],
])("%s does not balance", (_, books, fault) => {
  expect(judgeBooks({ ...BOOKS, ...books })).toEqual([expect.stringMatching(fault)]);
});

test("of a call without an answer nothing is known: its card may be there, and may be redeemed", () => {
  expect(judgeBooks({ ...BOOKS, unknown: 1, ledger: ["a", "b", "c"] })).toEqual([]);
  expect(judgeBooks({ ...BOOKS, unknown: 1, redeemed: 0 })).toEqual([]);
});

const look = (nth: number, over: object) => ({
  seconds: nth,
  rssMb: 300,
  blocks: 2,
  events: 50,
  ledgerCards: nth,
  pendingRewards: 9,
  ...over,
});
const looks = (over: (nth: number) => object) => Array.from({ length: 30 }, (_, nth) => look(nth, over(nth)));

test("what grows all through a soak is a fault; what grew at first, or comes and goes, is none", () => {
  expect(judgeGrowth(looks((nth) => ({ rssMb: 100 * nth })))).toEqual([expect.stringMatching(/^rssMb grew from 1450 to 2450/)]);
  expect(judgeGrowth(looks((nth) => ({ events: 1_000 * nth, blocks: nth })))).toEqual([
    expect.stringMatching(/^blocks grew/),
    expect.stringMatching(/^events grew/),
  ]);
  expect(judgeGrowth(looks((nth) => ({ rssMb: Math.min(900, 200 + 100 * nth), events: (nth % 5) * 400 })))).toEqual([]);
  expect(judgeGrowth([])).toEqual([]);
});
