import { expect, test } from "vitest";
import { countsBetween, sumOf } from "./counts.ts";

test("what was counted between two readings is what grew", () => {
  const between = countsBetween({ "issuer: draw": 2, "ledger: batch": 1 }, { "issuer: draw": 5, "ledger: batch": 1, "config: get": 4 });
  expect(between).toEqual({ "issuer: draw": 3, "config: get": 4 });
  expect(sumOf(between, (name) => name.startsWith("issuer"))).toBe(3);
});
