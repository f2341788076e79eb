import fc from "fast-check";
import { expect, it } from "vitest";
import { checkLinearizable } from "./check.ts";
import type { Operation } from "./check.ts";
import { limitModel } from "./limit-model.ts";
import type { DrawInput, DrawOutput } from "./limit-model.ts";

type Call = Operation<DrawInput, DrawOutput>;

/** Calls one after another, or all at once. */
function history(together: boolean, ...calls: readonly (readonly [requestId: string, output: DrawOutput | null])[]): Call[] {
  return calls.map(([requestId, output], i) => ({
    input: { requestId },
    output,
    calledAt: together ? i : 2 * i,
    returnedAt: together ? calls.length + i : 2 * i + 1,
  }));
}

const issued = (cardId: string) => ({ status: "issued", cardId }) as const;
const replayed = (cardId: string) => ({ status: "replayed", cardId }) as const;
const refused = { status: "limit_reached" } as const;
const accepts = (limit: number, calls: readonly Call[]) => checkLinearizable(limitModel(limit), calls).status === "linearizable";

it("takes the first requests for the issued ones, in whatever order they were called", () => {
  expect(accepts(1, history(true, ["a", refused], ["b", issued("1")], ["b", replayed("1")]))).toBe(true);
  expect(accepts(1, history(false, ["a", issued("1")], ["b", refused], ["a", replayed("1")]))).toBe(true);
});

it("refuses a card past the limit, and a refusal before it", () => {
  expect(accepts(1, history(true, ["a", issued("1")], ["b", issued("2")]))).toBe(false);
  expect(accepts(2, history(true, ["a", issued("1")], ["b", refused]))).toBe(false);
});

it("refuses two cards for one request, one card for two, and a request that is issued twice or refused after it was issued", () => {
  expect(accepts(3, history(false, ["a", issued("1")], ["a", replayed("2")]))).toBe(false);
  expect(accepts(3, history(false, ["a", issued("1")], ["b", issued("1")]))).toBe(false);
  expect(accepts(3, history(true, ["a", issued("1")], ["a", issued("1")]))).toBe(false);
  expect(accepts(1, history(false, ["a", issued("1")], ["a", refused]))).toBe(false);
});

it("lets a request of unknown outcome count or not, but not both", () => {
  expect(accepts(1, history(false, ["a", null], ["b", refused], ["a", replayed("1")]))).toBe(true);
  expect(accepts(1, history(false, ["a", null], ["b", issued("1")], ["a", refused]))).toBe(true);
  expect(accepts(1, history(false, ["a", null], ["b", refused], ["a", refused]))).toBe(false);
  expect(accepts(1, history(false, ["b", refused], ["a", null]))).toBe(false);
});

it("accepts any run of a counter, and refuses it with one card more", () => {
  const requestId = fc.integer({ min: 0, max: 6 }).map((n) => `request-${n}`);
  const call = fc.record({ requestId, known: fc.integer({ max: 9, min: 0 }), before: fc.nat(30), after: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (calls, limit) => {
      const cards = new Map<string, string>();
      const run = calls.map((one, i): Call => {
        const before = cards.get(one.requestId);
        const reached = before === undefined && cards.size >= limit;
        if (before === undefined && !reached) cards.set(one.requestId, `card-${i}`);
        const output: DrawOutput = before !== undefined ? replayed(before) : reached ? refused : issued(`card-${i}`);
        const times = { calledAt: 10 * i - one.before + i / 1_000, returnedAt: 10 * i + one.after + i / 1_000 };
        return { input: { requestId: one.requestId }, output: one.known === 0 ? null : output, ...times };
      });
      expect(accepts(limit, run)).toBe(true);
      const [last] = history(false, ["one more", issued("one more")]);
      if (last === undefined) throw new Error("a history of one call has one");
      fc.pre(cards.size === limit && run.every(({ output }) => output !== null));
      expect(accepts(limit, [...run, { ...last, calledAt: 10_000, returnedAt: 10_001 }])).toBe(false);
    }),
  );
});
