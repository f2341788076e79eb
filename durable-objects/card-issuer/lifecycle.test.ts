import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CARD_STATES } from "../protocol.ts";
import type { CardEvent } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import { decideCard, expireCard } from "./lifecycle.ts";
import type { CardContext, CardOrder, Redeem, Reveal } from "./lifecycle.ts";

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
  endedAtMs: null,
  store: null,
  returned: false,
};
const keepStock = { onVoid: false, onExpiry: false };
const context: CardContext = { cardId: "card", nowMs: 10, rules: { autoRedeem: false, returnStock: keepStock }, kindOf: () => "code" };
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
    const decision = decideCard(issued, reveal("alice"), { ...context, rules: { autoRedeem: true, returnStock: keepStock } });
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
          const decision = decideCard(card, command, { ...context, rules: { autoRedeem, returnStock: keepStock } });
          if (decision.status !== "ok") continue;
          expect(CARD_STATES.indexOf(decision.card.state)).toBeGreaterThanOrEqual(CARD_STATES.indexOf(card.state));
          expect(decision.card.version).toBe(card.version + decision.events.length);
          expect([null, decision.card.lineUserId]).toContain(card.lineUserId);
          redemptions += decision.events.filter(({ type }) => type === "redeemed").length;
          card = decision.card;
          expect(
            decideCard(
              card,
              { ...command, lineUserId: card.lineUserId ?? "" },
              { ...context, rules: { autoRedeem, returnStock: keepStock } },
            ),
          ).toSatisfy((again: ReturnType<typeof decideCard>) => again.status !== "ok" || again.card.version - card.version <= 1);
        }
        expect(redemptions).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("ends in one way, whatever is asked of it in whatever order: redeemed, voided or expired, and returned at most once", () => {
    const orders = fc.oneof(
      fc.constantFrom<CardOrder | "expire">(reveal("alice"), reveal("bob"), redeem("alice"), redeem("bob"), "expire"),
      fc.constant<CardOrder>({ type: "void", reason: "x" }),
      fc.constant<CardOrder>({ type: "use", store: "Taipei 101", till: null }),
    );
    const moments = fc.array(fc.record({ order: orders, afterMs: fc.nat(400) }), { maxLength: 20 });
    fc.assert(
      fc.property(moments, fc.boolean(), fc.boolean(), fc.boolean(), (sequence, autoRedeem, onVoid, onExpiry) => {
        let card = issued;
        let nowMs = 0;
        const events: CardEvent[] = [];
        for (const { order, afterMs } of sequence) {
          nowMs += afterMs;
          const now: CardContext = { ...context, nowMs, kindOf: () => "coupon", rules: { autoRedeem, returnStock: { onVoid, onExpiry } } };
          const before = card;
          if (order === "expire") {
            const expired = expireCard(card, now);
            if (expired === null) continue;
            card = expired.card;
            events.push(expired.event);
          } else {
            const decision = decideCard(card, order, now);
            if (decision.status !== "ok") continue;
            card = decision.card;
            events.push(...decision.events);
          }
          expect(CARD_STATES.indexOf(card.state)).toBeGreaterThanOrEqual(CARD_STATES.indexOf(before.state));
          expect(card.version).toBe(1 + events.length);
          const isOver = before.state === "voided" || before.state === "expired" || before.state === "used";
          expect(isOver ? card : before).toEqual(before);
        }
        const types = events.map(({ type }) => type);
        expect(new Set(types).size).toBe(types.length);
        expect(types.filter((type) => type === "redeemed" || type === "voided" || type === "expired").length).toBeLessThanOrEqual(1);
        expect(types.includes("redeemed")).toBe(card.state === "redeemed" || card.state === "used");
        const returned = events.filter((event) => "returned" in event && event.returned);
        expect(card.returned).toBe(returned.length === 1);
        expect(card.returned).toBe((card.state === "voided" && onVoid) || (card.state === "expired" && onExpiry));
        expect(card.revealedAtMs ?? 0).toBeLessThan(1_000);
      }),
    );
  });

  it("is voided until it is redeemed, and not after", () => {
    const order = { type: "void", reason: "sent twice" } as const;
    const voided = decideCard(issued, order, context);
    expect(voided).toMatchObject({
      status: "ok",
      card: { state: "voided", endedAtMs: 10, returned: false },
      events: [{ type: "voided", reason: "sent twice" }],
    });
    expect(decideCard({ ...issued, state: "voided" }, order, context)).toMatchObject({ status: "ok", events: [] });
    expect(decideCard({ ...issued, state: "voided" }, reveal("alice"), context)).toEqual({ status: "voided" });
    expect(decideCard({ ...issued, state: "redeemed" }, order, context)).toEqual({ status: "already_redeemed" });
  });

  it("gives its place back where the campaign says so, unless it came from no stock", () => {
    const back = { ...context, rules: { autoRedeem: false, returnStock: { onVoid: true, onExpiry: true } } };
    const order = { type: "void", reason: "x" } as const;
    expect(decideCard(issued, order, back)).toMatchObject({ card: { returned: true }, events: [{ returned: true }] });
    expect(decideCard({ ...issued, segment: null, position: null }, order, back)).toMatchObject({ card: { returned: false } });
    expect(expireCard(issued, { ...back, nowMs: 1_000 })).toMatchObject({ card: { state: "expired", returned: true } });
    expect(expireCard(issued, { ...back, nowMs: 999 })).toBeNull();
    expect(expireCard({ ...issued, state: "redeemed" }, { ...back, nowMs: 5_000 })).toBeNull();
  });

  it("as a coupon is used once, and says nothing of itself before it is redeemed", () => {
    const coupon: CardContext = { ...context, kindOf: () => "coupon" };
    const use = { type: "use", store: "Taipei 101", till: null } as const;
    for (const kind of [coupon, context]) expect(decideCard(issued, use, kind)).toEqual({ status: "not_redeemed" });
    const redeemed: CardRow = { ...issued, state: "redeemed", lineUserId: "alice", version: 3 };
    expect(decideCard(redeemed, use, context)).toEqual({ status: "not_found" });
    const used = decideCard(redeemed, use, coupon);
    expect(used).toMatchObject({ status: "ok", card: { state: "used", usedAtMs: 10, store: "Taipei 101" } });
    const card = used.status === "ok" ? used.card : issued;
    expect(decideCard(card, { ...use, store: "elsewhere" }, { ...coupon, nowMs: 20 })).toEqual({ status: "already_used", card });
  });
});
