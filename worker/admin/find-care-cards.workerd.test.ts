import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deriveCardKeys, mintCardId } from "../../durable-objects/card-id.ts";
import type { CardEvent, Draw } from "../../durable-objects/protocol.ts";
import { aroundObjects } from "../../test/workerd/around.ts";
import { recordStatus } from "../campaign/publish.ts";
import { publishedCampaign as snapshotOf } from "../campaign/published.ts";
import { placeOfCard } from "../cards/card.ts";
import { drawCards } from "../cards/draw-cards.ts";
import { openedCampaign, publishedCampaign } from "../edge.fixture.ts";
import { chainBlocks, deliver } from "../ledger/blocks.fixture.ts";
import { holdQueue } from "../ledger/held-queue.fixture.ts";
import type { HeldQueue } from "../ledger/held-queue.fixture.ts";
import { cardIssuer, prizePool } from "../objects.ts";
import { settings } from "../settings.ts";
import { findCareCards } from "./find-care-cards.ts";

let queue: HeldQueue | null = null;
afterEach(() => {
  queue?.release();
  queue = null;
  vi.restoreAllMocks();
});

/** Draws cards; gives their ids. */
async function draw(campaign: string, draws: readonly (Pick<Draw, "requestId"> & Partial<Draw>)[]): Promise<string[]> {
  const whole = draws.map((one): Draw => ({ recipient: null, lineUserId: null, metadata: null, ...one }));
  const results = await drawCards(env, await snapshotOf(env, campaign), whole);
  return results.map((result) => {
    if (!("cardId" in result)) throw new Error(`a draw was ${result.status}`);
    return result.cardId;
  });
}

async function found(q: string, own: Env = env): Promise<string[]> {
  return (await findCareCards(own, q)).map(({ card }) => card.card).sort();
}

describe("a look-up for customer care", () => {
  it("finds cards by request and recipient in every shard of every campaign, closed ones too, before they have settled", async () => {
    queue = holdQueue();
    const [first, second] = [await openedCampaign({ coupon: 20 }), await openedCampaign({ coupon: 20 })];
    await publishedCampaign();
    const members = Array.from({ length: 8 }, (_, n) => ({ requestId: "order-1", recipient: `member-${n}` }));
    const cards = await draw(first, members);
    const [alone = ""] = await draw(first, [{ requestId: "order-2" }]);
    const [elsewhere = ""] = await draw(second, [{ requestId: "order-3", recipient: "member-0" }]);
    expect(new Set(cards.map((card) => placeOfCard(env, first, card)?.shard)).size).toBeGreaterThan(1);
    const closed = await prizePool(env, second).changeStatus(second, "close");
    if (closed.status === "done") await recordStatus(env, closed.rules);

    expect(await found("order-1")).toEqual(cards.toSorted());
    expect(await found("member-3")).toEqual([cards[3]]);
    expect(await found("order-2")).toEqual([alone]);
    expect(await found("order-3")).toEqual([elsewhere]);
    expect(await found("member-0")).toEqual([cards[0] ?? "", elsewhere].sort());
    expect(await found("nobody")).toEqual([]);
  });

  it("shows a card that has not settled as its issuer knows it, and then as the ledger does", async () => {
    queue = holdQueue();
    const campaign = await openedCampaign({ coupon: 5 });
    const [cardId = ""] = await draw(campaign, [{ requestId: "order-4", recipient: "member-a", metadata: '{"shop":3}' }]);
    const at = { campaign, shard: placeOfCard(env, campaign, cardId)?.shard ?? 0 };
    await cardIssuer(env, at).reveal({ ...at, cardId, lineUserId: "Ualice", trail: null });
    await cardIssuer(env, at).redeem({ ...at, cardId, lineUserId: "Ualice" });
    const card = {
      card: cardId,
      campaign,
      state: "redeemed",
      prize: "coupon",
      request: "order-4",
      recipient: "member-a",
      lineUser: "Ualice",
    };
    expect(await findCareCards(env, "order-4")).toMatchObject([{ card, reward: null }]);
    expect(await findCareCards(env, cardId)).toMatchObject([{ card, reward: null }]);
    await expect.poll(() => queue?.blocks(campaign).length).toBeGreaterThan(0);
    await vi.waitFor(
      async () => {
        await deliver(queue?.sent ?? []);
        expect(await findCareCards(env, "order-4")).toMatchObject([{ card, reward: { status: "granted" } }]);
      },
      { timeout: 120_000, interval: 500 },
    );
    for (const q of [cardId, "Ualice", "member-a"]) expect(await found(q)).toEqual([cardId]);
  });

  it("finds an id with the white space that it was drawn with, and one that was copied with some more", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const [spaced = "", plain = ""] = await draw(campaign, [
      { requestId: " order-7 ", recipient: " member-c" },
      { requestId: "order-8", recipient: "member-d" },
    ]);
    for (const q of [" order-7 ", " member-c"]) expect(await found(q)).toEqual([spaced]);
    for (const q of [" order-8\n", "member-d ", `${plain} `]) expect(await found(q)).toEqual([plain]);
    expect(await found("order-7")).toEqual([]);
  });

  it("finds nothing, and fails not, for the id of a card whose issuer does not answer, nor for one that was never issued", async () => {
    queue = holdQueue();
    const campaign = await openedCampaign({ coupon: 5 });
    const [card = ""] = await draw(campaign, [{ requestId: "order-9" }]);
    const said: unknown[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(JSON.parse(line)));
    const CARD_ISSUER = aroundObjects(env.CARD_ISSUER, async () => {
      throw new Error("away");
    });
    expect(await found(card, { ...env, CARD_ISSUER })).toEqual([]);
    expect(said).toMatchObject([{ message: "an issuer could not be asked for cards", campaign }]);
    const { shard } = placeOfCard(env, campaign, card) ?? { shard: 0 };
    for (const key of deriveCardKeys(settings(env).CARD_KEY))
      expect(await found(mintCardId(key, campaign, { shard, seq: 1_000 }))).toEqual([]);
  });

  it("finds what other issuers have where one does not answer, and names its campaign in the log", async () => {
    queue = holdQueue();
    const [well, ill] = [await openedCampaign({ coupon: 5 }), await openedCampaign({ coupon: 5 })];
    const [card = ""] = await draw(well, [{ requestId: "order-5", recipient: "member-b" }]);
    await draw(ill, [{ requestId: "order-5", recipient: "member-b" }]);
    const said: unknown[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(JSON.parse(line)));
    const CARD_ISSUER = aroundObjects(env.CARD_ISSUER, async (_, work, [asked]) => {
      if ((asked as { campaign: string }).campaign === ill) throw new Error("away");
      return work();
    });
    expect(await found("member-b", { ...env, CARD_ISSUER })).toEqual([card]);
    expect(said).toContainEqual({ message: "a look-up could not ask all issuers", issuers: 4, campaigns: [ill] });
  });

  it("finds a redeemed card by its code, and asks no issuer for a card id", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const [card = ""] = await draw(campaign, [{ requestId: "order-6" }]);
    const redeemed: CardEvent = { type: "redeemed", at: 1, card, version: 3, prize: "code", user: "Ubob", kind: "code", code: "CAFE-77" };
    await deliver(chainBlocks(campaign, [[redeemed]]));
    expect(await found("CAFE-77")).toEqual([card]);
    const CARD_ISSUER = aroundObjects(env.CARD_ISSUER, async () => {
      throw new Error("nobody is asked");
    });
    expect(await found(card, { ...env, CARD_ISSUER })).toEqual([card]);
  });
});
