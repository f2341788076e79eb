import { expect, it } from "vitest";
import { countStock } from "./stock.ts";

it("leaves out what is withheld for good", () => {
  expect(countStock([{ prize: "coupon", loaded: 10, withheld: 6 }], new Map([["coupon", 4]]))).toEqual({
    prizes: [{ prize: "coupon", loaded: 10, issued: 4, remaining: 0 }],
    soldOut: true,
  });
});

it("counts what is left of each prize, never less than none", () => {
  const loaded = [
    { prize: "coupon", loaded: 10, withheld: 0 },
    { prize: "thanks", loaded: 5, withheld: 0 },
  ];
  expect(countStock(loaded, new Map([["thanks", 8]]))).toEqual({
    prizes: [
      { prize: "coupon", loaded: 10, issued: 0, remaining: 10 },
      { prize: "thanks", loaded: 5, issued: 8, remaining: 0 },
    ],
    soldOut: false,
  });
  expect(
    countStock(
      loaded,
      new Map([
        ["coupon", 10],
        ["thanks", 5],
      ]),
    ).soldOut,
  ).toBe(true);
});
