import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CARD_STATES } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import { decideCard } from "./lifecycle.ts";
import type { Redeem, Reveal } from "./lifecycle.ts";

const issued: CardRow = {
  seq: 1,
  requestId: "a",
  recipient: "r",
  drawnFor: null,
  lineUserId: null,
  metadata: null,
  prize: "win",
  segment: "first.csv",
  position: 4,
  code: "CODE-1",
  state: "issued",
  version: 1,
  issuedAtMs: 0,
  expiresAtMs: 1_000,
  revealedAtMs: null,
  redeemedAtMs: null,
  usedAtMs: null,
};
const context = { cardId: "card", nowMs: 10, autoRedeem: false, kindOf: () => "code" as const };
const reveal = (lineUserId: string): Reveal => ({ type: "reveal", lineUserId, trail: [[5, 10]] });
const redeem = (lineUserId: string): Redeem => ({ type: "redeem", lineUserId });

describe("a card's life", () => {
  it("binds to the first who reveals it, and does not exist for anybody else", () => {
    const first = decideCard(issued, reveal("alice"), context);
    expect(first).toMatchObject({ status: "ok", card: { state: "revealed", lineUserId: "alice", version: 2 } });
    const card = first.status === "ok" ? first.card : issued;
    expect(decideCard(card, reveal("bob"), context)).toEqual({ status: "not_found" });
    expect(decideCard(card, redeem("bob"), context)).toEqual({ status: "not_found" });
    expect(decideCard({ ...issued, lineUserId: "alice" }, reveal("bob"), context)).toEqual({ status: "not_found" });
  });

  it("is redeemed after it was revealed, never before", () => {
    expect(decideCard(issued, redeem("alice"), context)).toEqual({ status: "not_revealed" });
    const revealed: CardRow = { ...issued, state: "revealed", lineUserId: "alice", version: 2 };
    expect(decideCard(revealed, redeem("alice"), context)).toMatchObject({
      status: "ok",
      card: { state: "redeemed", redeemedAtMs: 10 },
      events: [{ type: "redeemed", version: 3, code: "CODE-1", kind: "code", recipient: "r" }],
    });
  });

  it("is redeemed in the same step where the campaign says so", () => {
    const decision = decideCard(issued, reveal("alice"), { ...context, autoRedeem: true });
    expect(decision).toMatchObject({
      status: "ok",
      card: { state: "redeemed", version: 3 },
      events: [{ type: "revealed" }, { type: "redeemed" }],
    });
  });

  it("cannot be revealed or redeemed once expired, but a redeemed card stays redeemed", () => {
    const late = { ...context, nowMs: 1_000 };
    expect(decideCard(issued, reveal("alice"), late)).toEqual({ status: "expired" });
    expect(decideCard({ ...issued, state: "redeemed", lineUserId: "alice" }, redeem("alice"), late)).toMatchObject({
      status: "ok",
      events: [],
    });
  });

  it("only ever moves forward, by one version an event, and a repetition changes nothing", () => {
    const commands = fc.array(fc.constantFrom(reveal("alice"), reveal("bob"), redeem("alice"), redeem("bob")), { maxLength: 12 });
    fc.assert(
      fc.property(commands, fc.boolean(), (sequence, autoRedeem) => {
        let card = issued;
        let redemptions = 0;
        for (const command of sequence) {
          const decision = decideCard(card, command, { ...context, autoRedeem });
          if (decision.status !== "ok") continue;
          expect(CARD_STATES.indexOf(decision.card.state)).toBeGreaterThanOrEqual(CARD_STATES.indexOf(card.state));
          expect(decision.card.version).toBe(card.version + decision.events.length);
          expect([null, decision.card.lineUserId]).toContain(card.lineUserId);
          redemptions += decision.events.filter(({ type }) => type === "redeemed").length;
          card = decision.card;
          expect(decideCard(card, { ...command, lineUserId: card.lineUserId ?? "" }, { ...context, autoRedeem })).toSatisfy(
            (again: ReturnType<typeof decideCard>) => again.status !== "ok" || again.card.version - card.version <= 1,
          );
        }
        expect(redemptions).toBeLessThanOrEqual(1);
      }),
    );
  });
});
