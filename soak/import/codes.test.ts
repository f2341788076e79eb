import { expect, it } from "vitest";
import { codeOf, numberOf, Seen } from "./codes.ts";

it("gives every number a code of its own, from which it can be told", () => {
  for (const number of [0, 1, 2, 4_999_999, 2 ** 31, 2 ** 32 - 1]) expect(numberOf(codeOf(number))).toBe(number);
});

it("counts what is missing, doubled and strange", () => {
  const seen = new Seen(5);
  for (const number of [0, 3, 3, 7, 1]) seen.add(number);
  expect(seen).toMatchObject({ missing: 2, doubled: 1, strange: 1, distinct: 3 });
});
