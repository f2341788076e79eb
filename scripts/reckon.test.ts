import { expect, test } from "vitest";
import type { PrizeBalance } from "./admin-client.ts";
import { reckon } from "./reckon.ts";
import type { Reckoning } from "./reckon.ts";

const KINDS = { points: "webhook", coupon: "coupon", thanks: "none" } as const;

/** Ten cards drawn from a pool of seven winners, and everything as it must be. */
function perfect(): Reckoning {
  const manifest = new Map([
    ["points", 4],
    ["coupon", 3],
  ]);
  const dealt = { points: 4, coupon: 3, thanks: 3 };
  const played = Object.entries(dealt).flatMap(([prize, count]) =>
    Array.from({ length: count }, (_, i) => ({ cardId: `${prize}-${i}`, prize })),
  );
  const prizes = Object.entries(dealt).map(([prize, count]): PrizeBalance => {
    const fallback = prize === "thanks";
    return {
      prize,
      kind: KINDS[prize as keyof typeof KINDS],
      loaded: manifest.get(prize) ?? 0,
      issued: fallback ? 0 : count,
      unleased: 0,
      held: 0,
      voidedKept: 0,
      expiredKept: 0,
      returned: 0,
      issuedAsFallback: fallback ? count : 0,
      redeemed: count,
      settledIssued: count,
      settledRedeemed: count,
      rewards: { granted: fallback ? 0 : count, pending: 0, failed: 0 },
    };
  });
  const grants = played
    .filter(({ prize }) => prize === "points")
    .map((card) => ({ ...card, provider: "points", asked: 1, receipt: `r-${card.cardId}`, grantedAt: "2027-02-05T12:00:00.000Z" }));
  const balance = { prizes, unsettled: { blocks: 0, events: 0 }, heldRewards: 0, differences: [] };
  return { cards: 10, manifest, fallback: "thanks", played, balance, grants };
}

function withPrize(prize: string, change: Partial<PrizeBalance>): Reckoning {
  const reckoning = perfect();
  const prizes = reckoning.balance.prizes.map((line) => (line.prize === prize ? { ...line, ...change } : line));
  return { ...reckoning, balance: { ...reckoning.balance, prizes } };
}

test("a campaign that was dealt and delivered exactly has no differences", () => {
  const { lines, differences } = reckon(perfect());
  expect(differences).toEqual([]);
  expect(lines).toContainEqual({ prize: "points", kind: "webhook", loaded: 4, issued: 4, redeemed: 4, granted: 4, delivered: 4 });
  expect(lines).toContainEqual({ prize: "thanks", kind: "none", loaded: 0, issued: 3, redeemed: 3, granted: 0, delivered: null });
});

const { played, grants, balance } = perfect();

test.each<[string, Reckoning, RegExp]>([
  ["a prize issued once too often", withPrize("coupon", { issued: 4 }), /coupon: issued: 4, not 3/],
  ["a prize that nobody got", withPrize("coupon", { issued: 2 }), /coupon: issued: 2, not 3/],
  ["a card that was not redeemed", withPrize("points", { redeemed: 3 }), /points: redeemed: 3, not 4/],
  ["a reward that failed", withPrize("coupon", { rewards: { granted: 2, pending: 0, failed: 1 } }), /coupon: pending or failed: 1, not 0/],
  [
    "a user who saw another prize than was issued",
    { ...perfect(), played: played.with(0, { cardId: "points-0", prize: "coupon" }) },
    /points: seen/,
  ],
  [
    "the same card played twice",
    { ...perfect(), played: played.with(0, { cardId: "points-1", prize: "points" }) },
    /cards played: 9, not 10/,
  ],
  ["a reward granted twice", { ...perfect(), grants: [...grants, ...grants.slice(0, 1)] }, /was granted 2 times/],
  ["a reward that the reward system never saw", { ...perfect(), grants: grants.slice(1) }, /granted by the reward system: 3, not 4/],
  [
    "a grant for a card that did not win it",
    {
      ...perfect(),
      grants: grants.with(0, {
        cardId: "thanks-0",
        prize: "points",
        provider: "points",
        asked: 1,
        receipt: "r",
        grantedAt: "2027-02-05T12:00:00.000Z",
      }),
    },
    /though they did not win it: 1, not 0/,
  ],
  [
    "events that never settled",
    { ...perfect(), balance: { ...balance, unsettled: { blocks: 1, events: 0 } } },
    /has not settled: 1, not 0/,
  ],
  ["what the app itself finds wrong", { ...perfect(), balance: { ...balance, differences: ["coupon: 1 ≠ 2"] } }, /coupon: 1 ≠ 2/],
])("%s is told", (_, reckoning, told) => {
  expect(reckon(reckoning).differences.join("\n")).toMatch(told);
});
