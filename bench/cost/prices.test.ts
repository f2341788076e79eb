import { expect, test } from "vitest";
import { billOf } from "./prices.ts";

test("a bill is what was counted, a million times", () => {
  const { items, total } = billOf(
    {
      "worker: requests": 6,
      "issuer: draw": 1,
      "issuer: rows written": 3,
      "ledger: rows written": 2,
      "card-events: messages": 1,
      "gate: acquire": 1,
    },
    2,
  );
  const cents = Object.fromEntries(Object.entries(items).map(([name, dollars]) => [name, dollars.toFixed(2)]));
  expect(cents).toEqual({
    "Worker requests": "0.90",
    "object requests": "0.15",
    "object rows written": "1.50",
    "D1 rows written": "1.00",
    "D1 rows read": "0.00",
    "queue operations": "1.20",
    "R2 writes": "0.00",
    "KV reads": "0.00",
  });
  expect(total).toBeCloseTo(4.75);
});

test("what is not known by name is not billed", () => {
  expect(billOf({ "ledger: batch": 5, "pools: get": 1 }, 1).total).toBe(0);
});
