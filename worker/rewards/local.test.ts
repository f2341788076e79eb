import { expect, test } from "vitest";
import { PRIZE_KINDS } from "../../durable-objects/protocol.ts";
import { PROVIDERS } from "./index.ts";
import { grantLocally, isLocal } from "./local.ts";

test("codes, coupons and blanks are handed over by ourselves, everything else by somebody outside", () => {
  expect(PRIZE_KINDS.filter(isLocal)).toEqual(["none", "coupon", "code"]);
  for (const kind of PRIZE_KINDS.filter(isLocal)) expect(grantLocally(kind)).toEqual({ outcome: "granted" });
});

test("what is local is so for the agent, too", () => {
  for (const kind of PRIZE_KINDS) expect(PROVIDERS[kind].reach === "local").toBe(isLocal(kind));
});
