import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodeBlock, GENESIS_HASH } from "../../durable-objects/block.ts";
import { drawOf, openCampaign, publishCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { aroundLedger } from "../../test/workerd/around.ts";
import { chainBlocks, deliver } from "./blocks.fixture.ts";
import { invariants } from "./invariants.ts";
import { findCards, issuedPerPrize, ownCards, readCursor } from "./queries.ts";
import { settleBlocks } from "./settle.ts";

let cards = 0;
function life(): { card: string; events: CardEvent[] } {
  cards += 1;
  const card = `card-${cards}`.padEnd(32, "x");
  const at = Date.parse("2027-02-05T12:00:30Z");
  return {
    card,
    events: [
      {
        type: "issued",
        at,
        card,
        version: 1,
        prize: "points",
        request: `request-${cards}`,
        recipient: "r",
        segment: "first.csv",
        position: cards,
      },
      { type: "revealed", at: at + 1_000, card, version: 2, prize: "points", user: "Ualice", trail: [[10, 50]] },
      { type: "redeemed", at: at + 2_000, card, version: 3, prize: "points", user: "Ualice", kind: "webhook", recipient: "r" },
    ],
  };
}

const ledgerOf = async (campaign: string) => {
  const tables = await env.LEDGER.batch([
    env.LEDGER.prepare("SELECT * FROM cards WHERE campaign = ? ORDER BY card").bind(campaign),
    env.LEDGER.prepare("SELECT minute, type, prize, count FROM minute_counters WHERE campaign = ? ORDER BY 1, 2, 3").bind(campaign),
    env.LEDGER.prepare("SELECT card, prize, kind, line_user, recipient FROM rewards WHERE campaign = ? ORDER BY card").bind(campaign),
    env.LEDGER.prepare("SELECT block, hash FROM blocks WHERE campaign = ? ORDER BY block").bind(campaign),
  ]);
  return tables.map(({ results }) => results);
};

describe("settlement", () => {
  it("comes to the same ledger in any order, with blocks doubled and delivered again", async () => {
    const lives = Array.from({ length: 6 }, life);
    const events = [0, 1, 2].flatMap((step) => lives.map(({ events: steps }) => steps.slice(step, step + 1)));
    const straight = await publishCampaign();
    const shaken = await publishCampaign();
    await deliver(chainBlocks(straight.id, events));
    const expected = await ledgerOf(straight.id);
    await env.LEDGER.exec(`DELETE FROM cards WHERE campaign = '${straight.id}'`);
    await env.LEDGER.exec(`DELETE FROM rewards WHERE campaign = '${straight.id}'`);

    const blocks = chainBlocks(shaken.id, events);
    const disorder = [...blocks.toReversed(), ...blocks]
      .map((bytes, i) => ({ bytes, order: (i * 7) % 13 }))
      .sort((a, b) => a.order - b.order);
    for (let first = 0; first < disorder.length; first += 5) await deliver(disorder.slice(first, first + 5).map(({ bytes }) => bytes));
    const renamed = (rows: unknown) => JSON.parse(JSON.stringify(rows).replaceAll(shaken.id, straight.id)) as unknown;
    expect(renamed(await ledgerOf(shaken.id))).toEqual(expected);
  });

  it("asks the ledger once what it has, rebuilt or not, and applies a batch in a second call", async () => {
    const campaign = await publishCampaign();
    const settled = async (events: readonly CardEvent[][]) => {
      const calls: string[] = [];
      const ledger = aroundLedger(env.LEDGER, (call, work) => {
        calls.push(call);
        return work();
      });
      const blocks = chainBlocks(campaign.id, events).flatMap((bytes) => decodeBlock(bytes) ?? []);
      await settleBlocks({ ...env, LEDGER: ledger }, blocks);
      return calls;
    };
    const [first, second] = [life().events, life().events];
    // The first asks besides who listens.
    await settled([first]);
    expect(await settled([first, second])).toEqual(["batch", "batch"]);
    expect(await settled([first, second])).toEqual(["batch"]);
  });

  it("applies a block once when two consumers race for it", async () => {
    const campaign = await publishCampaign();
    const [block] = chainBlocks(campaign.id, [life().events]);
    const bytes = block ?? new Uint8Array();
    const results = await Promise.all([deliver([bytes]), deliver([bytes]), deliver([bytes])]);
    const [, counters] = await ledgerOf(campaign.id);
    expect(counters).toEqual(
      ["issued", "redeemed", "revealed"].map((type) => ({ minute: Date.parse("2027-02-05T12:00:00Z"), type, prize: "points", count: 1 })),
    );
    expect(results.some(({ taken }) => taken)).toBe(true);
    expect((await deliver([bytes])).taken).toBe(true);
  });

  it("takes nothing from a damaged block, and keeps the others of its batch", async () => {
    const campaign = await publishCampaign();
    const good = life();
    const blocks = chainBlocks(campaign.id, [good.events, life().events]);
    const damaged = blocks[1]?.slice() ?? new Uint8Array();
    damaged[damaged.length - 5] = 0x58;
    expect((await deliver([blocks[0] ?? new Uint8Array(), damaged, new Uint8Array([1, 2, 3])])).taken).toBe(true);
    const [settled] = await ledgerOf(campaign.id);
    expect(settled).toMatchObject([{ card: good.card, state: "redeemed" }]);
  });

  it("archives every block in the lake, under a key that tells where it belongs", async () => {
    const campaign = await publishCampaign();
    const one = life();
    await deliver(chainBlocks(campaign.id, [one.events]));
    const object = await env.LAKE.get(`lake/${campaign.id}/2027-02-05/00000-000000001.ndjson`);
    const lines = (await object?.text())
      ?.trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as CardEvent);
    expect(lines).toEqual(one.events);
    expect(object?.customMetadata).toMatchObject({ campaign: campaign.id, shard: "0", block: "1", prev: GENESIS_HASH });
  });

  it("leaves issuers, pool and ledger in balance after a real campaign", async () => {
    const campaign = await openCampaign({ coupon: 20, points: 20 }, { fallback: "thanks" });
    const results = await campaign.draw(Array.from({ length: 50 }, (_, i) => drawOf(`r${i}`, { lineUserId: "Ualice" })));
    for (const result of results) {
      if (!("cardId" in result)) continue;
      const command = { campaign: campaign.id, shard: 0, cardId: result.cardId, lineUserId: "Ualice" };
      await campaign.issuer().reveal({ ...command, trail: null });
      await campaign.issuer().redeem(command);
    }
    await expect.poll(async () => (await invariants(env, campaign.id))?.unsettled).toEqual({ blocks: 0, events: 0 });
    const balance = await invariants(env, campaign.id);
    expect(balance?.differences).toEqual([]);
    expect(balance?.prizes.map(({ prize, settledRedeemed }) => [prize, settledRedeemed])).toEqual([
      ["coupon", 20],
      ["code", 0],
      ["points", 20],
      ["thanks", 10],
    ]);
    expect(Object.fromEntries(await issuedPerPrize(env, campaign.id))).toEqual({ coupon: 20, points: 20 });
    const first = await ownCards(env, { campaign: campaign.id, lineUserId: "Ualice", limit: 30, after: null });
    const second = await ownCards(env, { campaign: campaign.id, lineUserId: "Ualice", limit: 30, after: readCursor(first.next ?? "") });
    expect(new Set([...first.rows, ...second.rows].map(({ card }) => card)).size).toBe(50);
    expect(second.next).toBeNull();
    const coupon = first.rows.find(({ prize }) => prize === "coupon");
    const key = { campaign: campaign.id, card: coupon?.card ?? "" };
    expect(await findCards(env, "nobody's", { named: [key], campaigns: [] })).toMatchObject([
      { card: { state: "redeemed" }, reward: { status: "granted", attempts: 0 } },
    ]);
  });
});
