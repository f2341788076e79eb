import { expect, test } from "vitest";
import { judge } from "./judge.ts";
import type { Books } from "./judge.ts";

const BOUNDS = { permitsPerSecond: 100, maxCallsWhileDown: 5, maxSecondsAfterReturn: 60 };
const WELL: Books = {
  cards: ["a", "b"],
  grants: [
    { cardId: "a", grantedAtMs: 1_000 },
    { cardId: "b", grantedAtMs: 70_000 },
  ],
  ledger: { granted: 2, pending: 0, failed: 0 },
  callsWhileDown: 5,
  maxPerSecond: 100,
  returnedAtMs: 62_000,
};

test("a run in which every winner got one prize in time holds", () => {
  expect(judge(WELL, BOUNDS)).toEqual({ lost: 0, doubled: 0, grantedAfterReturnSeconds: 8, waited: 1, faults: [] });
});

test.each<[string, Partial<Books>, RegExp]>([
  ["a card without a grant", { cards: ["a", "b", "c"], ledger: { granted: 3, pending: 0, failed: 0 } }, /1 cards were won and not granted/],
  ["a card with two", { grants: [...WELL.grants, { cardId: "a", grantedAtMs: 2_000 }] }, /1 cards were granted twice/],
  ["a ledger that says otherwise", { ledger: { granted: 1, pending: 1, failed: 0 } }, /the ledger has 1 granted/],
  ["a call too many while it was down", { callsWhileDown: 6 }, /6 calls reached/],
  ["a second too full", { maxPerSecond: 101 }, /101 calls came/],
  ["a winner who waited too long", { returnedAtMs: 9_999 }, /came 60.001 s after/],
  ["an outage that nobody felt", { returnedAtMs: 80_000 }, /shows nothing/],
])("%s is a fault", (_, books, fault) => {
  expect(judge({ ...WELL, ...books }, BOUNDS).faults).toEqual([expect.stringMatching(fault)]);
});

test("of a provider that answers some calls, no bound is held for those it does not, and nothing need wait", () => {
  expect(judge({ ...WELL, callsWhileDown: 600, returnedAtMs: 80_000 }, { ...BOUNDS, maxCallsWhileDown: null }).faults).toEqual([]);
  expect(judge({ ...WELL, callsWhileDown: 600 }, { ...BOUNDS, maxCallsWhileDown: null }).faults).toEqual([]);
});
