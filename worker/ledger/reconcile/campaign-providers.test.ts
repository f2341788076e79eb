import { expect, test } from "vitest";
import { providersOf } from "./campaign-providers.ts";

test("a campaign's providers are those outside, each with its prizes, in the order of their names", () => {
  expect(
    providersOf([
      { prize: "points-10", kind: "webhook", provider: "points" },
      { prize: "sticker", kind: "line-sticker", provider: null },
      { prize: "coins", kind: "webhook", provider: "coins" },
      { prize: "points-50", kind: "webhook", provider: "points" },
      { prize: "hello", kind: "line-message", provider: null },
      { prize: "coupon", kind: "coupon", provider: null },
      { prize: "thanks", kind: "none", provider: null },
    ]),
  ).toEqual([
    { name: "LINE", prizes: ["sticker", "hello"] },
    { name: "coins", prizes: ["coins"] },
    { name: "points", prizes: ["points-10", "points-50"] },
  ]);
});
