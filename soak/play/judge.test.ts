import { expect, test } from "vitest";
import type { PrizeBalance } from "../../scripts/admin-client.ts";
import { judge } from "./judge.ts";
import type { Books } from "./judge.ts";
import type { ToldCard } from "./told.ts";

function balanceOf(prize: string, kind: string, over: Partial<PrizeBalance>): PrizeBalance {
  const none = {
    loaded: 0,
    unleased: 0,
    held: 0,
    voidedKept: 0,
    expiredKept: 0,
    issued: 0,
    returned: 0,
    issuedAsFallback: 0,
    redeemed: 0,
    settledIssued: 0,
    settledRedeemed: 0,
  };
  return { prize, kind, ...none, rewards: { granted: 0, pending: 0, failed: 0 }, ...over };
}

const card = (cardId: string, prize: string | null, redeemed: boolean): ToldCard => ({
  campaign: "spring",
  cardId,
  recipient: "visitor-1",
  prize,
  user: prize === null ? null : "alice",
  redeemed,
  voided: false,
  code: null,
});

/** Three cards of one visitor: one redeemed for points, one revealed, one not looked at; and everything as it must be. */
function perfect(): Books {
  return {
    campaign: "spring",
    loaded: new Map([
      ["points", 2],
      ["coupon", 5],
    ]),
    limit: 3,
    cards: [card("card-1", "points", true), card("card-2", "coupon", false), card("card-3", null, false)],
    shown: new Map([
      ["card-1", { state: "redeemed", prize: "points" }],
      ["card-2", { state: "revealed", prize: "coupon" }],
    ]),
    balance: {
      prizes: [
        balanceOf("points", "webhook", { loaded: 2, issued: 1, redeemed: 1, rewards: { granted: 1, pending: 0, failed: 0 } }),
        balanceOf("coupon", "coupon", { loaded: 5, issued: 2 }),
      ],
      unsettled: { blocks: 0, events: 0 },
      heldRewards: 0,
      differences: [],
    },
    grants: [{ cardId: "card-1", prize: "points", provider: "points", asked: 2, receipt: "r", grantedAt: "2027-02-05T12:00:00.000Z" }],
  };
}

const kinds = (books: Books) => judge(books).map(({ kind }) => kind);

test("finds nothing where every book says the same, though a reward was asked for twice", () => {
  expect(judge(perfect())).toEqual([]);
});

test("finds a revealed card that is gone, has gone back, or holds another prize", () => {
  const shown = new Map(perfect().shown);
  shown.delete("card-2");
  expect(kinds({ ...perfect(), shown })).toEqual(["lost"]);
  shown.set("card-2", { state: "issued", prize: "coupon" });
  expect(kinds({ ...perfect(), shown })).toEqual(["lost"]);
  shown.set("card-2", { state: "revealed", prize: "points" });
  expect(kinds({ ...perfect(), shown })).toEqual(["lost"]);
});

test("finds a redeemed card that is no longer, or was never granted, or granted twice, or for another prize", () => {
  const shown = new Map(perfect().shown).set("card-1", { state: "revealed", prize: "points" });
  expect(kinds({ ...perfect(), shown })).toEqual(["lost"]);
  const [grant] = perfect().grants;
  if (grant === undefined) throw new Error("the perfect books have a grant");
  expect(kinds({ ...perfect(), grants: [] })).toEqual(["lost"]);
  expect(kinds({ ...perfect(), grants: [grant, grant] })).toEqual(["doubled"]);
  expect(kinds({ ...perfect(), grants: [{ ...grant, prize: "coupon" }] })).toEqual(["doubled"]);
  expect(kinds({ ...perfect(), grants: [grant, { ...grant, cardId: "card-2" }] })).toEqual(["doubled"]);
});

test("finds a visitor with more cards than the limit; a card that was taken back does not count", () => {
  expect(kinds({ ...perfect(), limit: 2 })).toEqual(["doubled"]);
  const cards = perfect().cards.map((one) => (one.prize === null ? { ...one, voided: true } : one));
  const shown = new Map(perfect().shown).set("card-3", { state: "voided" });
  expect(judge({ ...perfect(), cards, shown, limit: 2 })).toEqual([]);
  expect(kinds({ ...perfect(), cards, limit: 2 })).toEqual(["lost"]);
});

test("finds a card that nobody asked for, stock that is not what was uploaded, and whatever the app finds itself", () => {
  const { balance } = perfect();
  const prizes = balance.prizes.map((one) => (one.prize === "coupon" ? { ...one, issued: 3 } : one));
  expect(kinds({ ...perfect(), balance: { ...balance, prizes } })).toEqual(["unbalanced"]);
  expect(kinds({ ...perfect(), loaded: new Map([["points", 2]]) })).toEqual(["unbalanced"]);
  expect(kinds({ ...perfect(), balance: { ...balance, differences: ["points: 1 ≠ 2"] } })).toEqual(["unbalanced"]);
  expect(kinds({ ...perfect(), balance: { ...balance, unsettled: { blocks: 1, events: 0 } } })).toEqual(["unbalanced"]);
});

test("finds a prize that was issued more often than it was loaded", () => {
  const { balance } = perfect();
  const prizes = balance.prizes.map((one) => (one.prize === "points" ? { ...one, loaded: 0 } : one));
  expect(kinds({ ...perfect(), loaded: new Map([["coupon", 5]]), balance: { ...balance, prizes } })).toEqual(["doubled"]);
});
