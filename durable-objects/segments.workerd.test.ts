import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { drawOf, openCampaign, publishCampaign } from "./campaign.fixture.ts";
import type { TestCampaign } from "./campaign.fixture.ts";
import { PLAIN_SEGMENT } from "./protocol.ts";
import type { DrawResult, SegmentOptions } from "./protocol.ts";

const requests = (count: number, prefix = "r") => Array.from({ length: count }, (_, i) => drawOf(`${prefix}${i}`));
const statuses = (results: readonly DrawResult[]) => results.map(({ status }) => status);
const only = (options: Partial<SegmentOptions>): SegmentOptions => ({ ...PLAIN_SEGMENT, ...options });

async function load(
  campaign: TestCampaign,
  segment: string,
  entries: Readonly<Record<string, number>>,
  window: { opensAtMs?: number; closesAtMs?: number } = {},
) {
  const upload = { campaign: campaign.id, segment, etag: segment };
  await campaign.pool().beginImport(upload);
  const { opensAtMs = null, closesAtMs = null } = window;
  const manifest = Object.entries(entries).map(([prize, quantity]) => ({ prize, quantity }));
  return campaign.pool().commitImport({ ...upload, entries: manifest, codes: 0, opensAtMs, closesAtMs });
}

async function issued(campaign: TestCampaign): Promise<Record<string, number>> {
  const shards = Array.from({ length: campaign.rules.shards }, (_, shard) => shard);
  const tallies = await Promise.all(shards.map((shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })));
  const byPrize: Record<string, number> = {};
  for (const { prize, count } of tallies.flatMap(({ cards }) => cards)) byPrize[prize] = (byPrize[prize] ?? 0) + count;
  return byPrize;
}

describe("a wave", () => {
  it("is dealt within its window, and what is left is withheld, also what an issuer holds", async () => {
    const campaign = await publishCampaign();
    const closesAtMs = Date.now() + 1_500;
    await load(campaign, "morning.csv", { coupon: 100 }, { closesAtMs });
    await load(campaign, "evening.csv", { points: 5 }, { opensAtMs: Date.now() + 3_000 });
    await campaign.pool().changeStatus(campaign.id, "open");
    expect(statuses(await campaign.draw(requests(10, "m")))).toEqual(requests(10).map(() => "issued"));
    await expect.poll(async () => statuses(await campaign.draw([drawOf(`n${Date.now()}`)])), { interval: 100 }).toEqual(["not_open"]);
    const withheld = (await issued(campaign))["coupon"] ?? 0;
    expect(withheld).toBeLessThan(100);
    await expect.poll(async () => statuses(await campaign.draw([drawOf("evening")]))).toEqual(["issued"]);
    const results = await campaign.draw(requests(10, "e"));
    expect(statuses(results).filter((status) => status === "issued")).toHaveLength(4);
    expect(statuses(results).filter((status) => status === "sold_out")).toHaveLength(6);
    expect(await issued(campaign)).toEqual({ coupon: withheld, points: 5 });
  });

  it("is dealt to the last card before what comes later is waited for, also where another issuer holds its cards", async () => {
    const campaign = await publishCampaign({ shards: 2 });
    await load(campaign, "now.csv", { coupon: 20 });
    await load(campaign, "later.csv", { points: 5 }, { opensAtMs: Date.now() + 600_000 });
    await campaign.pool().changeStatus(campaign.id, "open");
    await campaign.draw(requests(5, "a"), 0);
    await campaign.draw(requests(5, "b"), 1);
    const rest = await campaign.draw(requests(12, "c"), 1);
    expect(statuses(rest).filter((status) => status === "issued")).toHaveLength(10);
    expect(statuses(rest).filter((status) => status === "not_open")).toHaveLength(2);
    expect(await issued(campaign)).toEqual({ coupon: 20 });
  });

  it("is there for the first draw after its opening, whatever issuers were told before", async () => {
    const shards = [0, 1, 2, 3];
    const campaign = await publishCampaign({ shards: shards.length, fallback: "thanks" });
    const opensAtMs = Date.now() + 1_500;
    await load(campaign, "noon.csv", { coupon: 400 }, { opensAtMs });
    await campaign.pool().changeStatus(campaign.id, "open");
    for (let n = 0; Date.now() < opensAtMs; n++) {
      await Promise.all(shards.map((shard) => campaign.draw([drawOf(`early ${n}/${shard}`)], shard)));
      await scheduler.wait(20);
    }
    // The last of the early draws may have come through the opening.
    const { thanks = 0, coupon = 0 } = await issued(campaign);
    await Promise.all(shards.map((shard) => campaign.draw(requests(10, `${shard}-`), shard)));
    expect(await issued(campaign)).toEqual({ thanks, coupon: coupon + 40 });
  });

  it("is there for the first draw after its upload, where everything was issued before", async () => {
    const shards = [0, 1, 2, 3];
    const campaign = await openCampaign({ coupon: 4 }, { shards: shards.length });
    const all = await Promise.all(shards.map((shard) => campaign.draw(requests(5, `${shard}-`), shard)));
    expect(statuses(all.flat()).filter((status) => status === "sold_out")).toHaveLength(16);
    await load(campaign, "more.csv", { points: 8 });
    const more = await Promise.all(shards.map((shard) => campaign.draw(requests(2, `more ${shard}-`), shard)));
    expect(statuses(more.flat())).toEqual(more.flat().map(() => "issued"));
  });

  it("rolls over where the campaign says so", async () => {
    const campaign = await publishCampaign({ pools: { "morning.csv": only({ leftover: "roll-over" }) } });
    await load(campaign, "morning.csv", { coupon: 20 }, { closesAtMs: Date.now() - 1 });
    await campaign.pool().changeStatus(campaign.id, "open");
    expect(statuses(await campaign.draw(requests(20)))).toEqual(requests(20).map(() => "issued"));
  });
});

describe("odds mode", () => {
  it("deals the same manifest again and again, exact in every deck", async () => {
    const campaign = await publishCampaign({ pools: { "odds.csv": only({ repeat: { maxDecks: null } }) } });
    await load(campaign, "odds.csv", { coupon: 1, points: 9 });
    await campaign.pool().changeStatus(campaign.id, "open");
    for (let round = 0; round < 5; round++) await campaign.draw(requests(100, `${round}-`));
    const dealt = await issued(campaign);
    expect(dealt).toEqual({ coupon: 50, points: 450 });
    const [fairness] = await campaign.pool().fairness(campaign.id);
    expect(fairness).toMatchObject({ size: 10 });
    const unaccounted = async () => {
      const { held } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
      const stock = await campaign.pool().stock(campaign.id);
      return stock?.prizes.map(({ prize, loaded, unleased }) => loaded - unleased - (held[prize] ?? 0) - (dealt[prize] ?? 0));
    };
    await expect.poll(unaccounted).toEqual([0, 0]);
  });

  it("ends with the last deck that the campaign allows", async () => {
    const campaign = await publishCampaign({ pools: { "odds.csv": only({ repeat: { maxDecks: 3 } }) }, fallback: "thanks" });
    await load(campaign, "odds.csv", { coupon: 2, points: 8 });
    await campaign.pool().changeStatus(campaign.id, "open");
    await campaign.draw(requests(50));
    expect(await issued(campaign)).toEqual({ coupon: 6, points: 24, thanks: 20 });
  });

  it("takes no codes", async () => {
    const campaign = await publishCampaign({ pools: { "odds.csv": only({ repeat: { maxDecks: null } }) } });
    const upload = { campaign: campaign.id, segment: "odds.csv", etag: "1" };
    await campaign.stage(upload, ["A"]);
    const committed = await campaign.pool().commitImport({ ...upload, entries: [], codes: 1, opensAtMs: null, closesAtMs: null });
    expect(committed).toEqual({ status: "codes_repeat" });
  });
});

describe("winning moments", () => {
  it("are each brought to an issuer when their time has come, and go to whoever draws next", async () => {
    const moments = { fromMs: Date.now() + 200, toMs: Date.now() + 2_200 };
    const campaign = await publishCampaign({ shards: 3, fallback: "thanks", pools: { "moments.csv": only({ moments }) } });
    await load(campaign, "moments.csv", { coupon: 12 });
    await campaign.pool().changeStatus(campaign.id, "open");
    let draws = 0;
    await expect
      .poll(
        async () => {
          for (let shard = 0; shard < 3; shard++) await campaign.draw([drawOf(`d${draws++}`)], shard);
          return (await issued(campaign))["coupon"] ?? 0;
        },
        { interval: 50 },
      )
      .toBe(12);
    expect(await issued(campaign)).toEqual({ coupon: 12, thanks: draws - 12 });
  });

  it("come once, however often the alarm rings and the delivery is repeated", async () => {
    const moments = { fromMs: Date.now() - 1_000, toMs: Date.now() };
    const campaign = await openCampaign({ points: 1 }, { fallback: "thanks", pools: { "moments.csv": only({ moments }) } });
    await load(campaign, "moments.csv", { coupon: 4 });
    for (let ring = 0; ring < 3; ring++) await runDurableObjectAlarm(campaign.poolStub());
    const [lease] = await campaign
      .issuer()
      .tally({ campaign: campaign.id, shard: 0 })
      .then(({ held }) => [held]);
    expect(lease).toMatchObject({ coupon: 4 });
    await campaign.draw(requests(20));
    expect(await issued(campaign)).toEqual({ points: 1, coupon: 4, thanks: 15 });
  });

  it("leave the next moments to come when all that have come are gone", async () => {
    const moments = { fromMs: Date.now() + 3_600_000, toMs: Date.now() + 7_200_000 };
    const campaign = await publishCampaign({ pools: { "moments.csv": only({ moments }) } });
    await load(campaign, "moments.csv", { coupon: 4 });
    await campaign.pool().changeStatus(campaign.id, "open");
    expect(statuses(await campaign.draw([drawOf("early")]))).toEqual(["not_open"]);
  });
});

describe("how a segment is dealt", () => {
  it("cannot change once the campaign is open", async () => {
    const campaign = await publishCampaign();
    await load(campaign, "first.csv", { coupon: 4 });
    await campaign.pool().changeStatus(campaign.id, "open");
    const pools = { "first.csv": only({ repeat: { maxDecks: null } }) };
    expect(await campaign.pool().publish({ ...campaign.rules, pools })).toEqual({ status: "segment_in_stock", segment: "first.csv" });
  });
});

describe("a campaign about to start", () => {
  it("has its issuers awake, with a lease in their hands", async () => {
    const campaign = await openCampaign({ coupon: 10_000 }, { shards: 4, startsAtMs: Date.now() + 60_000, endsAtMs: Date.now() + 120_000 });
    for (let shard = 0; shard < 4; shard++) {
      await expect.poll(async () => (await campaign.issuer(shard).tally({ campaign: campaign.id, shard })).held).toEqual({ coupon: 600 });
    }
  });
});
