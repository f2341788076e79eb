import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { drawBy } from "../draw-columns.ts";
import { drawOf, openCampaign, publishCampaign } from "../campaign.fixture.ts";
import type { TestCampaign } from "../campaign.fixture.ts";
import type { CardReply, Draw, DrawResult } from "../protocol.ts";

const cardIds = (results: readonly DrawResult[]) => results.flatMap((result) => ("cardId" in result ? [result.cardId] : []));
const statuses = (results: readonly DrawResult[]) => results.map(({ status }) => status);
const requests = (count: number, prefix = "r") => Array.from({ length: count }, (_, i) => drawOf(`${prefix}${i}`));
const reveal = (campaign: TestCampaign, cardId: string, lineUserId: string): Promise<CardReply> =>
  campaign.issuer().reveal({ campaign: campaign.id, shard: 0, cardId, lineUserId, trail: null });
const redeem = (campaign: TestCampaign, cardId: string, lineUserId: string): Promise<CardReply> =>
  campaign.issuer().redeem({ campaign: campaign.id, shard: 0, cardId, lineUserId });
const issuedPrizes = async (campaign: TestCampaign) => {
  const { cards } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
  const byPrize: Record<string, number> = {};
  for (const { prize, count } of cards) byPrize[prize] = (byPrize[prize] ?? 0) + count;
  return byPrize;
};

describe("the card issuer", () => {
  it("issues exactly what was loaded, then the fallback", async () => {
    const campaign = await openCampaign({ coupon: 30, points: 50 }, { fallback: "thanks" });
    const results = await campaign.draw(requests(100));
    expect(new Set(statuses(results))).toEqual(new Set(["issued"]));
    expect(new Set(cardIds(results)).size).toBe(100);
    expect(await issuedPrizes(campaign)).toEqual({ coupon: 30, points: 50, thanks: 20 });
  });

  it("issues every card of the stock, wherever it was leased to, before anybody is told that it is gone", async () => {
    const shards = 64;
    const campaign = await openCampaign({ coupon: 600, points: 400 }, { shards, fallback: "thanks" });
    const draws = requests(5_000);
    // A draw that is shed under load is asked again, as a caller would.
    const drawUntilDecided = async (draw: Draw, shard: number): Promise<string> => {
      const [result] = await campaign.draw([draw], shard);
      return result?.status === "overloaded" ? drawUntilDecided(draw, shard) : (result?.status ?? "");
    };
    const decided = await Promise.all(draws.map((draw, i) => drawUntilDecided(draw, i % shards)));
    expect(new Set(decided)).toEqual(new Set(["issued"]));
    const tallies = await Promise.all(
      Array.from({ length: shards }, (_, shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })),
    );
    const issued: Record<string, number> = {};
    for (const { prize, count } of tallies.flatMap(({ cards }) => cards)) issued[prize] = (issued[prize] ?? 0) + count;
    expect(issued).toEqual({ coupon: 600, points: 400, thanks: 4_000 });
    expect(tallies.flatMap(({ held }) => Object.keys(held))).toEqual([]);
  });

  it("finds a card that lies with another issuer when its own stock is gone", async () => {
    const campaign = await openCampaign({ coupon: 40 }, { shards: 2 });
    expect(statuses(await campaign.draw([drawOf("first")], 0))).toEqual(["issued"]);
    const results = await campaign.draw(requests(40), 1);
    expect(statuses(results).filter((status) => status === "issued")).toHaveLength(39);
    expect(statuses(results).filter((status) => status === "sold_out")).toHaveLength(1);
  });

  it("claims a lease whose reply was lost, and gives it up when another issuer needs it", async () => {
    const campaign = await openCampaign({ coupon: 20 }, { shards: 2 });
    const lost = await campaign.pool().lease({ campaign: campaign.id, shard: 0, request: 1, want: 20 });
    expect(lost.status).toBe("granted");
    const results = await campaign.draw(requests(20), 1);
    expect(new Set(statuses(results))).toEqual(new Set(["issued"]));
  });

  it("notices a restock after it was sold out", async () => {
    const campaign = await openCampaign({ coupon: 2 });
    expect(statuses(await campaign.draw(requests(3))).sort()).toEqual(["issued", "issued", "sold_out"]);
    await campaign.load("second.csv", { points: 5 });
    await expect.poll(async () => statuses(await campaign.draw([drawOf("again")]))).toEqual(["issued"]);
  });

  it("says sold out where there is no fallback", async () => {
    const campaign = await openCampaign({ coupon: 3 });
    const results = await campaign.draw(requests(5));
    expect(statuses(results).sort()).toEqual(["issued", "issued", "issued", "sold_out", "sold_out"]);
  });

  it("makes 500 cards of 500 request ids drawn twice in parallel, singly and in bulk", async () => {
    const campaign = await openCampaign({ coupon: 2_000 });
    const draws = requests(500);
    const [bulk, ...singles] = await Promise.all([campaign.draw(draws), ...draws.map((draw) => campaign.draw([draw]))]);
    expect(singles.flatMap(cardIds)).toEqual(cardIds(bulk ?? []));
    expect(await issuedPrizes(campaign)).toEqual({ coupon: 500 });
  });

  it("gives a recipient no more than the limit of a hundred parallel draws", async () => {
    const campaign = await openCampaign({ coupon: 500 }, { limits: { perRecipient: 3, perRecipientPerDay: null } });
    const draws = requests(100).map((draw) => ({ ...draw, recipient: "somebody" }));
    const results = await Promise.all(draws.map((draw) => campaign.draw([draw])));
    expect(statuses(results.flat()).filter((status) => status === "issued")).toHaveLength(3);
    expect(await issuedPrizes(campaign)).toEqual({ coupon: 3 });
  });

  it("lets one of two users have a card that both reveal and redeem a hundred times in parallel", async () => {
    const campaign = await openCampaign({ points: 10 });
    const [cardId = ""] = cardIds(await campaign.draw([drawOf("one")]));
    const tries = Array.from({ length: 100 }, async (_, i) => {
      const user = i % 2 === 0 ? "alice" : "bob";
      const revealed = await reveal(campaign, cardId, user);
      const redeemed = await redeem(campaign, cardId, user);
      return { user, revealed: revealed.status, redeemed: redeemed.status };
    });
    const outcomes = await Promise.all(tries);
    const owners = new Set(outcomes.filter(({ revealed }) => revealed === "ok").map(({ user }) => user));
    expect(owners.size).toBe(1);
    const [owner] = owners;
    for (const { user, revealed, redeemed } of outcomes) {
      expect([revealed, redeemed]).toEqual(user === owner ? ["ok", "ok"] : ["not_found", "not_found"]);
    }
    const { cards } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
    expect(cards).toEqual([{ prize: "points", fallback: false, returned: false, state: "redeemed", count: 1 }]);
  });

  it("remembers everything across an eviction and an abort", async () => {
    const campaign = await openCampaign({ coupon: 100 });
    const before = await campaign.draw(requests(10));
    await evictDurableObject(campaign.issuerStub());
    expect(cardIds(await campaign.draw(requests(20)))).toEqual([
      ...cardIds(before),
      ...cardIds(await campaign.draw(requests(20).slice(10))),
    ]);
    await abortAllDurableObjects();
    const [cardId = ""] = cardIds(before);
    expect(await reveal(campaign, cardId, "alice")).toMatchObject({ status: "ok", card: { state: "revealed" } });
    await campaign.draw(requests(100, "more"));
    expect(await issuedPrizes(campaign)).toEqual({ coupon: 100 });
    const tally = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
    expect(tally.held).toEqual({});
  });

  it("knows every request and every recipient again after an abort, also of cards that its index has long stored", async () => {
    const campaign = await openCampaign({ coupon: 6_000 }, { limits: { perRecipient: 2, perRecipientPerDay: null } });
    const draws = Array.from({ length: 9_000 }, (_, i) => drawOf(`r${i}`, { recipient: `somebody ${i % 2_500}` }));
    const inCalls = async () => {
      const results: DrawResult[] = [];
      for (let first = 0; first < draws.length; first += 500) results.push(...(await campaign.draw(draws.slice(first, first + 500))));
      return results;
    };
    const before = await inCalls();
    expect(statuses(before).filter((status) => status === "issued")).toHaveLength(5_000);
    expect(statuses(before).filter((status) => status === "limit_reached")).toHaveLength(4_000);
    await abortAllDurableObjects();
    const after = await inCalls();
    expect(cardIds(after)).toEqual(cardIds(before));
    expect(statuses(after).filter((status) => status === "replayed")).toHaveLength(5_000);
    expect(statuses(after).filter((status) => status === "limit_reached")).toHaveLength(4_000);
    expect(await issuedPrizes(campaign)).toEqual({ coupon: 5_000 });
  });

  it("finds the cards of a request or a recipient, the newest two hundred, before and after an abort", async () => {
    const campaign = await openCampaign({ coupon: 300 });
    const cards = cardIds(await campaign.draw(requests(250).map((draw) => ({ ...draw, recipient: "shop" }))));
    const [other = ""] = cardIds(await campaign.draw([drawOf("shop", { recipient: "r7" })]));
    const found = async (drawnWith: string) =>
      (await campaign.issuer().findCards({ campaign: campaign.id, shard: 0, drawnWith })).map(({ cardId }) => cardId);
    for (let abort = 0; abort < 2; abort++) {
      expect(await found("shop")).toEqual([other, ...cards.toReversed()].slice(0, 200));
      expect(await found("r7")).toEqual([other, cards[7]]);
      expect(await found("nobody")).toEqual([]);
      await abortAllDurableObjects();
    }
  });

  it("goes on in the middle of a lease after an abort, and tells the ledger of every card once", async () => {
    const campaign = await openCampaign({ coupon: 300 });
    const first = await campaign.draw(requests(70, "a"));
    await abortAllDurableObjects();
    const second = await campaign.draw(requests(230, "b"));
    expect(new Set([...cardIds(first), ...cardIds(second)]).size).toBe(300);
    expect(statuses(await campaign.draw([drawOf("c")]))).toEqual(["sold_out"]);
    const settled = async () => {
      const { results } = await env.LEDGER.prepare(
        "SELECT (SELECT sum(count) FROM minute_counters WHERE campaign = ?1 AND type = 'issued') AS events, count(DISTINCT position) AS places FROM cards WHERE campaign = ?1",
      )
        .bind(campaign.id)
        .all();
      return results[0];
    };
    await expect.poll(settled).toEqual({ events: 300, places: 300 });
  });

  it("issues nothing after a pause was acknowledged, and goes on after it was resumed", async () => {
    const campaign = await openCampaign({ coupon: 1_000 });
    const storm = Promise.all(Array.from({ length: 50 }, (_, i) => campaign.draw(requests(4, `${i}-`))));
    const paused = await campaign.pool().changeStatus(campaign.id, "pause");
    const issuedAtPause = await issuedPrizes(campaign);
    const results = statuses((await storm).flat());
    expect(await issuedPrizes(campaign)).toEqual(issuedAtPause);
    expect(results.filter((status) => status !== "issued" && status !== "not_open")).toEqual([]);
    expect(paused).toMatchObject({ status: "done" });
    expect(statuses(await campaign.draw([drawOf("late")]))).toEqual(["not_open"]);
    await campaign.pool().changeStatus(campaign.id, "resume");
    expect(statuses(await campaign.draw([drawOf("late")]))).toEqual(["issued"]);
  });

  it("is not open before the campaign is, and answers as soon as it is", async () => {
    const campaign = await publishCampaign();
    await campaign.load("first.csv", { coupon: 5 });
    expect(statuses(await campaign.draw([drawOf("early")]))).toEqual(["not_open"]);
    await campaign.pool().changeStatus(campaign.id, "open");
    expect(statuses(await campaign.draw([drawOf("early")]))).toEqual(["issued"]);
  });

  it("refuses a draw that was routed by another number of shards", async () => {
    const campaign = await openCampaign({ coupon: 5 });
    const reply = await drawBy(campaign.issuer(), { campaign: campaign.id, shard: 0, shards: 7, draws: [drawOf("a")] });
    expect(reply).toMatchObject({ status: "misrouted", rules: { shards: 1 } });
  });

  it("does not know cards of another campaign, nor forged ones", async () => {
    const [campaign, other] = [await openCampaign({ coupon: 5 }), await openCampaign({ coupon: 5 })];
    const [cardId = ""] = cardIds(await campaign.draw([drawOf("a")]));
    await other.draw([drawOf("a")]);
    expect(await reveal(other, cardId, "alice")).toEqual({ status: "not_found" });
    expect(await reveal(campaign, `${cardId.slice(0, -1)}${cardId.endsWith("A") ? "B" : "A"}`, "alice")).toEqual({ status: "not_found" });
  });

  it("keeps a code back until the card is redeemed", async () => {
    const campaign = await publishCampaign();
    const upload = { campaign: campaign.id, segment: "codes.csv", etag: "1" };
    await campaign.stage(upload, ["SECRET"]);
    await campaign.pool().commitImport({ ...upload, entries: [], codes: 1, opensAtMs: null, closesAtMs: null });
    await campaign.pool().changeStatus(campaign.id, "open");
    const [cardId = ""] = cardIds(await campaign.draw([drawOf("a")]));
    expect(await reveal(campaign, cardId, "alice")).toMatchObject({ status: "ok", card: { prize: "code", code: null } });
    expect(await redeem(campaign, cardId, "alice")).toMatchObject({ status: "ok", card: { code: "SECRET" } });
  });

  it("answers overloaded at once when more is asked than it can hold", async () => {
    const campaign = await openCampaign({ coupon: 20_000 });
    const asked = await Promise.all(Array.from({ length: 12 }, (_, i) => campaign.draw(requests(500, `${i}-`))));
    const all = statuses(asked.flat());
    expect(all.filter((status) => status === "overloaded").length % 500).toBe(0);
    expect(await issuedPrizes(campaign)).toEqual({ coupon: all.filter((status) => status === "issued").length });
  });

  it("empties its outbox into the ledger, also when only the alarm is left to do it", async () => {
    const campaign = await openCampaign({ coupon: 100 });
    await campaign.draw(requests(50));
    await evictDurableObject(campaign.issuerStub());
    await runDurableObjectAlarm(campaign.issuerStub());
    await expect
      .poll(async () => {
        const { unsettledBlocks, unpackedEvents, lastBlock } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
        return { unsettledBlocks, unpackedEvents, sealed: lastBlock > 0 };
      })
      .toEqual({ unsettledBlocks: 0, unpackedEvents: 0, sealed: true });
  });

  it("gives the place of a voided card to somebody else, code and all", async () => {
    const campaign = await publishCampaign({ shards: 2, returnStock: { onVoid: true, onExpiry: false } });
    const upload = { campaign: campaign.id, segment: "codes.csv", etag: "1" };
    await campaign.stage(upload, ["ONLY"]);
    await campaign.pool().commitImport({ ...upload, entries: [], codes: 1, opensAtMs: null, closesAtMs: null });
    await campaign.pool().changeStatus(campaign.id, "open");
    const [cardId = ""] = cardIds(await campaign.draw([drawOf("a")], 0));
    expect(statuses(await campaign.draw([drawOf("b")], 1))).toEqual(["sold_out"]);
    const address = { campaign: campaign.id, shard: 0, cardId };
    const voids = await Promise.all(Array.from({ length: 5 }, () => campaign.issuer().void({ ...address, reason: "mistake" })));
    expect(voids.map(({ status }) => status)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    let drawn: readonly DrawResult[] = [];
    await expect.poll(async () => statuses((drawn = await campaign.draw([drawOf("c")], 1)))).toEqual(["issued"]);
    const command = { campaign: campaign.id, shard: 1, cardId: cardIds(drawn)[0] ?? "", lineUserId: "bob" };
    await campaign.issuer(1).reveal({ ...command, trail: null });
    expect(await campaign.issuer(1).redeem(command)).toMatchObject({ status: "ok", card: { code: "ONLY" } });
    expect(await reveal(campaign, cardId, "alice")).toEqual({ status: "voided" });
  });

  it("lets either the void or the redemption of a card win, never both", async () => {
    const campaign = await openCampaign({ points: 40 });
    const ids = cardIds(await campaign.draw(requests(40)));
    for (const cardId of ids) await reveal(campaign, cardId, "alice");
    const outcomes = await Promise.all(
      ids.map(async (cardId) => {
        const voided = campaign.issuer().void({ campaign: campaign.id, shard: 0, cardId, reason: "x" });
        const redeemed = redeem(campaign, cardId, "alice");
        return `void ${(await voided).status}, redeem ${(await redeemed).status}`;
      }),
    );
    for (const outcome of outcomes) expect(["void ok, redeem voided", "void already_redeemed, redeem ok"]).toContain(outcome);
  });

  it("expires cards by itself, in bounded steps, and returns their places where the campaign says so", async () => {
    const campaign = await openCampaign({ coupon: 1_200 }, { cardTtlMs: 1_500, returnStock: { onVoid: false, onExpiry: true } });
    const ids = cardIds(await campaign.draw(requests(1_200)));
    await reveal(campaign, ids[0] ?? "", "alice");
    await redeem(campaign, ids[0] ?? "", "alice");
    const expired = async () => {
      const { cards } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
      return cards.find(({ state, returned }) => state === "expired" && returned)?.count;
    };
    await expect.poll(expired, { interval: 200 }).toBe(1_199);
    expect(await reveal(campaign, ids[1] ?? "", "alice")).toEqual({ status: "expired" });
    await expect
      .poll(async () => (await campaign.pool().stock(campaign.id))?.prizes)
      .toEqual([{ prize: "coupon", loaded: 1_200, unleased: 1_199, withheld: 0 }]);
    expect(statuses(await campaign.draw([drawOf("later")]))).toEqual(["issued"]);
  });

  it("expires cards of a shortened life before those that were issued earlier for longer", async () => {
    const campaign = await openCampaign({ coupon: 4 }, { returnStock: { onVoid: false, onExpiry: true } });
    await campaign.draw([drawOf("long")]);
    await campaign.pool().publish({ ...campaign.rules, cardTtlMs: 300 });
    await campaign.draw(requests(3, "short"));
    const expired = async () => {
      const { cards } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
      return cards.find(({ state, returned }) => state === "expired" && returned)?.count;
    };
    await expect.poll(expired, { interval: 200 }).toBe(3);
    await campaign.pool().publish(campaign.rules);
    const again = async () => statuses(await campaign.draw([drawOf("again")]));
    await expect.poll(again).toEqual(["issued"]);
  });

  it("takes back no card whose time is over", async () => {
    const campaign = await openCampaign({ coupon: 1 }, { cardTtlMs: 50 });
    const [cardId = ""] = cardIds(await campaign.draw([drawOf("a")]));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await campaign.issuer().void({ campaign: campaign.id, shard: 0, cardId, reason: "late" })).toEqual({ status: "expired" });
  });

  it("lets one of fifty tills take a coupon, and tells the others who did", async () => {
    const campaign = await openCampaign({ coupon: 1 });
    const [cardId = ""] = cardIds(await campaign.draw([drawOf("a")]));
    await reveal(campaign, cardId, "alice");
    await redeem(campaign, cardId, "alice");
    const tills = Array.from({ length: 50 }, (_, i) => `till ${i}`);
    const uses = await Promise.all(
      tills.map((till) => campaign.issuer().use({ campaign: campaign.id, shard: 0, cardId, store: "Taipei", till })),
    );
    expect(uses.filter(({ status }) => status === "ok")).toHaveLength(1);
    const first = uses.find(({ status }) => status === "ok");
    for (const use of uses) expect("card" in use && use.card.usedAtMs).toBe(first !== undefined && "card" in first && first.card.usedAtMs);
  });
});
