import { expect, test } from "vitest";
import { cardPath, readRoute } from "./route.ts";

test.each([
  ["/c/spring-2027", { campaign: "spring-2027", cardId: null }],
  ["/c/spring-2027/", { campaign: "spring-2027", cardId: null }],
  ["/c/spring-2027/AQAB_-9", { campaign: "spring-2027", cardId: "AQAB_-9" }],
  ["/", null],
  ["/c/", null],
  ["/c/Spring", null],
  ["/c/spring-2027/AQAB/more", null],
  ["/c/spring-2027/a%20b", null],
])("%s", (path, route) => {
  expect(readRoute(path)).toEqual(route);
});

test("a card's path leads to the card", () => {
  expect(readRoute(cardPath("spring-2027", "AQAB"))).toEqual({ campaign: "spring-2027", cardId: "AQAB" });
});
