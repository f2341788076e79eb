import { describe, expect, it, test } from "vitest";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { eventsOfBlock, rewardEvent } from "./events.ts";
import type { PartnerEvent } from "./events.ts";

const at = Date.parse("2027-02-05T12:00:30Z");
const card = "AQABAAAAAAGBX0sM3xPgp4CQdFrNZnn3";
const base = { at, card, prize: "coupon" } as const;
const issued: CardEvent = {
  ...base,
  type: "issued",
  version: 1,
  request: "order-1",
  recipient: "member-1",
  user: "Ualice",
  metadata: "{}",
};
const revealed: CardEvent = { ...base, type: "revealed", version: 2, user: "Ualice", trail: [[10, 50]] };
const redeemed: CardEvent = {
  ...base,
  type: "redeemed",
  version: 3,
  user: "Ualice",
  kind: "coupon",
  recipient: "member-1",
  code: "CAFE-BUT9-LVRC",
};
const used: CardEvent = { ...base, type: "used", version: 4, store: "Taipei", till: "3" };

interface Told {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly order: number; readonly [field: string]: unknown };
}

function told(events: readonly PartnerEvent[]): Told[] {
  return events.map(({ body }) => JSON.parse(body) as Told);
}

describe("what a partner is told of a card", () => {
  it("is its reveal, its redemption, and the reward that Kuji itself hands over", () => {
    expect(told(eventsOfBlock("spring", [issued, revealed, redeemed, used]))).toEqual([
      {
        type: "card.revealed",
        timestamp: "2027-02-05T12:00:30.000Z",
        data: { campaign: "spring", cardId: card, order: 2_000, prize: "coupon" },
      },
      {
        type: "card.redeemed",
        timestamp: "2027-02-05T12:00:30.000Z",
        data: { campaign: "spring", cardId: card, order: 3_000, prize: "coupon" },
      },
      {
        type: "reward.granted",
        timestamp: "2027-02-05T12:00:30.000Z",
        data: { campaign: "spring", cardId: card, order: 3_999, prize: "coupon" },
      },
    ]);
  });

  it("is nothing of who plays, of codes or of stores", () => {
    const text = JSON.stringify(eventsOfBlock("spring", [issued, revealed, redeemed, used]));
    for (const secret of ["Ualice", "member-1", "CAFE-BUT9-LVRC", "order-1", "Taipei"]) expect(text).not.toContain(secret);
  });

  it("is not the prize of a card that ended unrevealed", () => {
    const ends = (version: number): CardEvent[] => [
      { ...base, type: "voided", version, reason: "a customer complained", returned: true },
      { ...base, type: "expired", version, returned: false },
    ];
    expect(told(eventsOfBlock("spring", ends(2))).map(({ data }) => data)).toEqual([
      { campaign: "spring", cardId: card, order: 2_000 },
      { campaign: "spring", cardId: card, order: 2_000 },
    ]);
    expect(told(eventsOfBlock("spring", ends(3))).map(({ data }) => data["prize"])).toEqual(["coupon", "coupon"]);
    expect(JSON.stringify(eventsOfBlock("spring", ends(2)))).not.toContain("complained");
  });

  it("is no reward where there is none, and none before its provider has granted it", () => {
    for (const kind of ["none", "webhook", "line-sticker"] as const) {
      expect(told(eventsOfBlock("spring", [{ ...redeemed, kind }])).map(({ type }) => type)).toEqual(["card.redeemed"]);
    }
  });
});

test("order numbers are unique, and rise along a card's life, however often its reward fails before it is granted", () => {
  const reward = { campaign: "spring", card, prize: "points", version: 3, at };
  const failures = [0, 1, 19, 39, 997, 5_000].map((redrives) => rewardEvent({ ...reward, status: "failed", redrives }));
  const granted = rewardEvent({ ...reward, status: "granted", redrives: 40 });
  const before = eventsOfBlock("spring", [revealed, { ...redeemed, kind: "webhook" }]);
  const orders = told([...before, ...failures, granted]).map(({ data }) => data.order);
  expect(orders).toEqual([2_000, 3_000, 3_001, 3_002, 3_020, 3_040, 3_998, 3_998, 3_999]);
});

test("an event is the same bytes under the same id each time", () => {
  expect(eventsOfBlock("spring", [revealed, redeemed])).toEqual(eventsOfBlock("spring", [revealed, redeemed]));
  const ids = eventsOfBlock("spring", [revealed, redeemed]).map(({ id }) => id);
  expect(ids).toEqual([`evt_${card}_2000`, `evt_${card}_3000`, `evt_${card}_3999`]);
});
