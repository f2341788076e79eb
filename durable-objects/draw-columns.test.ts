import fc from "fast-check";
import { expect, test } from "vitest";
import { columnsOf, drawsOf, resultColumnsOf, resultsOf } from "./draw-columns.ts";
import type { DrawResult } from "./protocol.ts";

type Refusal = Exclude<DrawResult["status"], "issued" | "replayed">;
const text = fc.option(fc.string(), { nil: null });

test("draws are the same when they have crossed", () => {
  const draws = fc.array(fc.record({ requestId: fc.string(), recipient: text, lineUserId: text, metadata: text }));
  fc.assert(
    fc.property(draws, (all) => {
      expect(drawsOf(structuredClone(columnsOf(all)))).toEqual(all);
    }),
  );
});

test("what no draw has does not cross", () => {
  const { recipients, lineUserIds } = columnsOf([{ requestId: "a", recipient: "r", lineUserId: null, metadata: null }]);
  expect([recipients, lineUserIds]).toEqual([["r"], null]);
});

test("results are the same when they have crossed back", () => {
  const results = fc.array(
    fc.oneof(
      fc.record({
        status: fc.constantFrom("issued" as const, "replayed" as const),
        cardId: fc.string({ minLength: 1 }),
        expiresAtMs: fc.option(fc.nat(), { nil: null }),
      }),
      fc.record({ status: fc.constantFrom<Refusal>("limit_reached", "sold_out", "not_open", "conflict", "overloaded") }),
    ),
  );
  fc.assert(
    fc.property(results, (all) => {
      expect(resultsOf(structuredClone(resultColumnsOf(all)))).toEqual(all);
    }),
  );
});
