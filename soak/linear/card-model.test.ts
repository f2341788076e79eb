import { describe, expect, it } from "vitest";
import { cardModel } from "./card-model.ts";
import type { CardInput, CardOutput } from "./card-model.ts";
import { checkLinearizable } from "./check.ts";

const model = cardModel({ autoRedeem: false });
const revealAs = (user: string): CardInput => ({ type: "reveal", user });
const redeemAs = (user: string): CardInput => ({ type: "redeem", user });
const TAKE_BACK: CardInput = { type: "void" };
const LOOK: CardInput = { type: "look" };
const revealed = (prize: string): CardOutput => ({ status: "ok", state: "revealed", prize });
const redeemed: CardOutput = { status: "ok", state: "redeemed", prize: null };
const voided: CardOutput = { status: "ok", state: "voided", prize: null };
const seen = (state: "issued" | "revealed" | "redeemed" | "voided", prize: string | null): CardOutput => ({ status: "ok", state, prize });
const not = (status: Exclude<CardOutput["status"], "ok">): CardOutput => ({ status });

type Calls = readonly (readonly [CardInput, CardOutput | null])[];

/** Whether calls one after another are what a card does. */
function accepts(...calls: Calls): boolean {
  const history = calls.map(([input, output], i) => ({ input, output, calledAt: 2 * i, returnedAt: 2 * i + 1 }));
  return checkLinearizable(model, history).status === "linearizable";
}

/** The same, all at once. */
function acceptsAtOnce(...calls: Calls): boolean {
  const history = calls.map(([input, output], i) => ({ input, output, calledAt: i, returnedAt: calls.length + i }));
  return checkLinearizable(model, history).status === "linearizable";
}

describe("a card", () => {
  it("belongs to the first that reveals it, and does not exist for anybody else", () => {
    expect(acceptsAtOnce([revealAs("bob"), not("card_not_found")], [revealAs("alice"), revealed("points")])).toBe(true);
    expect(acceptsAtOnce([revealAs("bob"), revealed("points")], [revealAs("alice"), revealed("points")])).toBe(false);
    expect(accepts([revealAs("alice"), revealed("points")], [redeemAs("bob"), redeemed])).toBe(false);
    expect(acceptsAtOnce([revealAs("bob"), not("card_not_found")], [revealAs("alice"), not("card_not_found")])).toBe(false);
  });

  it("is redeemed once it is revealed, and stays so", () => {
    expect(accepts([redeemAs("alice"), not("not_revealed")], [revealAs("alice"), revealed("points")], [redeemAs("alice"), redeemed])).toBe(
      true,
    );
    expect(accepts([redeemAs("alice"), redeemed])).toBe(false);
    const through: Calls = [
      [revealAs("alice"), revealed("points")],
      [redeemAs("alice"), redeemed],
    ];
    expect(accepts(...through, [LOOK, seen("redeemed", "points")], [revealAs("alice"), seen("redeemed", "points")])).toBe(true);
    expect(accepts(...through, [LOOK, seen("revealed", "points")])).toBe(false);
  });

  it("holds one prize, which nobody is told before it is revealed", () => {
    expect(accepts([LOOK, seen("issued", null)], [revealAs("alice"), revealed("points")], [LOOK, seen("revealed", "points")])).toBe(true);
    expect(accepts([revealAs("alice"), revealed("points")], [LOOK, seen("revealed", "coupon")])).toBe(false);
    expect(accepts([LOOK, seen("issued", "points")])).toBe(false);
    expect(accepts([revealAs("alice"), revealed("points")], [LOOK, seen("revealed", null)])).toBe(false);
  });

  it("is either redeemed or taken back", () => {
    const won: Calls = [[revealAs("alice"), revealed("points")]];
    expect(accepts(...won, [redeemAs("alice"), redeemed], [TAKE_BACK, not("already_redeemed")])).toBe(true);
    expect(accepts(...won, [TAKE_BACK, voided], [redeemAs("alice"), not("card_voided")], [LOOK, seen("voided", "points")])).toBe(true);
    expect(accepts(...won, [TAKE_BACK, voided], [redeemAs("alice"), redeemed])).toBe(false);
    expect(accepts(...won, [redeemAs("alice"), redeemed], [TAKE_BACK, voided])).toBe(false);
  });

  it("may or may not have been moved by a call of unknown outcome", () => {
    expect(accepts([revealAs("alice"), null], [revealAs("bob"), not("card_not_found")], [LOOK, seen("revealed", "points")])).toBe(true);
    expect(accepts([revealAs("alice"), null], [revealAs("bob"), revealed("points")])).toBe(true);
    expect(accepts([revealAs("alice"), null], [revealAs("bob"), not("card_not_found")], [LOOK, seen("issued", null)])).toBe(false);
  });

  it("is redeemed with its reveal where the campaign says so", () => {
    const auto = cardModel({ autoRedeem: true });
    expect(auto.step(auto.initial, revealAs("alice"), seen("redeemed", "points"))).toHaveLength(1);
    expect(auto.step(auto.initial, revealAs("alice"), revealed("points"))).toEqual([]);
  });
});
