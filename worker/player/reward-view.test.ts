import { describe, expect, it } from "vitest";
import { PRIZE_KINDS } from "../../durable-objects/protocol.ts";
import { rewardView } from "./reward-view.ts";

const neverAsked = () => Promise.reject(new Error("the ledger was asked"));

describe("rewardView", () => {
  it("knows none, a code and a coupon without the ledger", async () => {
    expect(await rewardView({ cardId: "c", kind: "none", code: null }, neverAsked)).toEqual({ status: "none" });
    expect(await rewardView({ cardId: "c", kind: "code", code: "CAFE-1" }, neverAsked)).toEqual({ status: "granted", code: "CAFE-1" });
    expect(await rewardView({ cardId: "c", kind: "coupon", code: null }, neverAsked)).toEqual({ status: "granted", coupon: "c" });
  });

  it.each(PRIZE_KINDS.filter((kind) => !["none", "code", "coupon"].includes(kind)))(
    "asks the ledger for %s, and is pending until it settles",
    async (kind) => {
      const card = { cardId: "c", kind, code: null };
      expect(await rewardView(card, async () => null)).toEqual({ status: "pending" });
      expect(await rewardView(card, async () => "failed")).toEqual({ status: "failed" });
      expect(await rewardView(card, async (cardId) => (cardId === "c" ? "granted" : null))).toEqual({ status: "granted" });
    },
  );
});
