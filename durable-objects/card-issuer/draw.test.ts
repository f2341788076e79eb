import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CampaignRules, Draw } from "../protocol.ts";
import { decideDraws as decideHashed, drawKey, issuedEvent } from "./draw.ts";
import type { DrawContext, DrawDecision, DrawnBefore, RecipientCount } from "./draw.ts";
import { keysOf } from "./index-keys.ts";
import { eventLine } from "./outbox.ts";
import { StockCursor } from "./stock.ts";
import type { HeldLease } from "./stock.ts";

const rules: CampaignRules = {
  campaign: "spring",
  version: 1,
  status: "open",
  shards: 1,
  ledgers: 1,
  startsAtMs: 0,
  endsAtMs: 10_000,
  cardTtlMs: 500,
  timezone: "Asia/Taipei",
  limits: { perRecipient: null, perRecipientPerDay: null },
  autoRedeem: false,
  returnStock: { onVoid: false, onExpiry: false },
  fallback: null,
  prizes: { win: "coupon", thanks: "none" },
  pools: {},
};

const lease = (cards: number, number = 1): HeldLease => ({
  lease: number,
  segment: "first.csv",
  start: number * 1_000,
  prizes: ["win"],
  ordinals: new Uint16Array(cards),
  codes: null,
  closesAtMs: null,
  first: false,
  next: 0,
});
const draw = (requestId: string, recipient: string | null = null): Draw => ({ requestId, recipient, lineUserId: null, metadata: null });
const context = (over: Partial<DrawContext> = {}): DrawContext => ({
  rules,
  nowMs: 1_000,
  nextSeq: 1,
  stock: new StockCursor([lease(5)], 1_000),
  pool: "unknown",
  room: "all",
  drawnBefore: new Map(),
  counts: new Map(),
  ...over,
});
const decideDraws = (draws: readonly Draw[], given: DrawContext) => decideHashed(draws, keysOf(draws), given);
const statuses = (draws: Draw[], over: Partial<DrawContext> = {}) =>
  decideDraws(draws, context(over)).decisions.map(({ status }) => status);

describe("a flush of draws", () => {
  it("gives the same request its card again, and another content a conflict", () => {
    const { decisions, cards } = decideDraws([draw("a"), draw("a"), { ...draw("a"), metadata: "{}" }], context());
    expect(decisions).toEqual([
      { status: "issued", seq: 1, expiresAtMs: 1_500 },
      { status: "replayed", seq: 1, expiresAtMs: 1_500 },
      { status: "conflict" },
    ]);
    expect(cards).toHaveLength(1);
  });

  it("replays even when the campaign is paused, over, or sold out", () => {
    const drawnBefore = new Map([["a", { seq: 7, drawnFor: null, metadata: null, expiresAtMs: null }]]);
    const paused: Partial<DrawContext> = { rules: { ...rules, status: "paused" } };
    const soldOut: Partial<DrawContext> = { stock: new StockCursor([], 1_000), pool: "exhausted" };
    for (const over of [paused, soldOut, { nowMs: 20_000 }]) {
      expect(statuses([draw("a")], { drawnBefore, ...over })).toEqual(["replayed"]);
    }
  });

  it("issues only between start and end, and only while open", () => {
    expect(statuses([draw("a")], { rules: { ...rules, startsAtMs: 1_001 } })).toEqual(["not_open"]);
    expect(statuses([draw("a")], { rules: { ...rules, endsAtMs: 1_000 } })).toEqual(["not_open"]);
    for (const status of ["draft", "paused", "closed"] as const) {
      expect(statuses([draw("a")], { rules: { ...rules, status } })).toEqual(["not_open"]);
    }
  });

  it("issues nothing while the outbox has no room for it, and replays and refuses as ever", () => {
    const drawnBefore = new Map([["a", { seq: 7, recipient: null, drawnFor: null, metadata: null, expiresAtMs: null }]]);
    const counts = new Map([["r", { total: 1, today: 0 }]]);
    const limited = { ...rules, limits: { perRecipient: 1, perRecipientPerDay: null } };
    for (const room of ["cards", "none"] as const) {
      const draws = [draw("a"), draw("b"), draw("c", "r")];
      expect(statuses(draws, { room, drawnBefore, rules: limited, counts })).toEqual(["replayed", "overloaded", "limit_reached"]);
      expect(statuses([draw("b")], { room, nowMs: 20_000 })).toEqual(["not_open"]);
    }
  });

  it("counts a recipient's limits across what was and what this flush issues", () => {
    const limited = { ...rules, limits: { perRecipient: 3, perRecipientPerDay: 2 } };
    const counts = new Map([["r", { total: 1, today: 0 }]]);
    const draws = [draw("a", "r"), draw("b", "r"), draw("c", "r"), draw("d", "other")];
    expect(statuses(draws, { rules: limited, counts })).toEqual(["issued", "issued", "limit_reached", "issued"]);
  });

  it("waits for the pool when the lease is used up, and deals the fallback or says sold out when the pool is empty", () => {
    const draws = [draw("a"), draw("b")];
    const stock = () => new StockCursor([lease(1)], 1_000);
    expect(statuses(draws, { stock: stock() })).toEqual(["issued", "waiting"]);
    expect(statuses(draws, { stock: stock(), pool: "exhausted" })).toEqual(["issued", "sold_out"]);
    expect(statuses(draws, { stock: stock(), pool: "later" })).toEqual(["issued", "not_open"]);
    const dealt = decideDraws(draws, context({ stock: stock(), pool: "exhausted", rules: { ...rules, fallback: "thanks" } }));
    expect(dealt.cards.map(({ prize, segment }) => [prize, segment])).toEqual([
      ["win", "first.csv"],
      ["thanks", null],
    ]);
  });

  it("decides the same whether it comes as one flush or as many, whatever is asked again", () => {
    const asked = fc.record({ request: fc.nat(12), recipient: fc.constantFrom(null, "r", "s"), metadata: fc.constantFrom(null, "{}") });
    fc.assert(
      fc.property(fc.array(fc.record({ draw: asked, cut: fc.boolean() }), { maxLength: 40 }), fc.nat(20), (sequence, cards) => {
        const limited = { ...rules, limits: { perRecipient: 4, perRecipientPerDay: 3 } };
        const draws = sequence.map(({ draw: { request, ...content } }): Draw => ({ ...draw(`r${request}`), ...content }));
        const pool = "exhausted" as const;
        const held = cards === 0 ? [] : [lease(cards)];
        const once = decideDraws(draws, context({ rules: limited, pool, stock: new StockCursor(held, 1_000) }));

        const drawnBefore = new Map<string, DrawnBefore>();
        const counts = new Map<string, RecipientCount>();
        const decisions: DrawDecision[] = [];
        let leases: readonly HeldLease[] = held;
        let nextSeq = 1;
        for (let first = 0; first < draws.length;) {
          const length = sequence.slice(first).findIndex(({ cut }) => cut) + 1;
          const flush = draws.slice(first, length === 0 ? draws.length : first + length);
          const stock = new StockCursor(leases, 1_000);
          const decided = decideDraws(flush, context({ rules: limited, pool, stock, drawnBefore, counts, nextSeq }));
          decisions.push(...decided.decisions);
          for (const card of decided.cards) {
            drawnBefore.set(drawKey(card), card);
            const { total, today } = counts.get(card.recipient ?? "") ?? { total: 0, today: 0 };
            if (card.recipient !== null) counts.set(card.recipient, { total: total + 1, today: today + 1 });
          }
          leases = stock.held();
          nextSeq += decided.cards.length;
          first += flush.length;
        }
        expect(decisions).toEqual(once.decisions);
        expect(drawnBefore.size).toBe(once.cards.length);
      }),
    );
  });

  it("never issues one position twice, nor more than the stock, under any order of requests", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30), { maxLength: 80 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
        (requests, sizes) => {
          const leases = sizes.map((size, i) => lease(size, i + 1));
          const stock = new StockCursor(leases, 1_000);
          const { cards, decisions } = decideDraws(
            requests.map((n) => draw(`r${n}`)),
            context({ stock, pool: "exhausted" }),
          );
          const loaded = sizes.reduce((a, b) => a + b, 0);
          expect(cards.length).toBe(Math.min(loaded, new Set(requests).size));
          expect(new Set(cards.map(({ position }) => position)).size).toBe(cards.length);
          expect(new Set(cards.map(({ requestId }) => requestId)).size).toBe(cards.length);
          expect(decisions.filter(({ status }) => status === "issued")).toHaveLength(cards.length);
          const left = stock.held().reduce((sum, { ordinals, next }) => sum + ordinals.length - next, 0);
          expect(left + cards.length).toBe(loaded);
        },
      ),
    );
  });
});

describe("the event of an issue", () => {
  // A block that is not confirmed is made from its cards again, and its hash is of this text: of another form, blocks that an earlier version cut would be lost.
  it("is the same text in every version", () => {
    const [card] = decideDraws([draw("r1")], context()).cards;
    if (card === undefined) throw new Error("no card was drawn");
    const bare = { ...card, segment: null, position: null, expiresAtMs: null };
    expect(eventLine(issuedEvent(bare, "c1"))).toBe('{"type":"issued","at":1000,"card":"c1","version":1,"prize":"win","request":"r1"}\n');
    const full = {
      ...bare,
      recipient: "だれか",
      lineUserId: "U1",
      metadata: '{"a":1}',
      expiresAtMs: 2_000,
      segment: "first.csv",
      position: 7,
      code: "secret",
    };
    expect(eventLine(issuedEvent(full, "c1"))).toBe(
      '{"type":"issued","at":1000,"card":"c1","version":1,"prize":"win","request":"r1","recipient":"だれか","user":"U1","metadata":"{\\"a\\":1}","expires":2000,"segment":"first.csv","position":7}\n',
    );
  });
});
