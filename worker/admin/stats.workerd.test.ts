import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { drawBy } from "../../durable-objects/draw-columns.ts";
import { accessToken, answerOf, call, openedCampaign, problemOf, publishedCampaign, standInPlatforms } from "../edge.fixture.ts";
import { recount } from "../ledger/recount.fixture.ts";
import type { CounterType } from "../ledger/schema.ts";
import { cardIssuer } from "../objects.ts";

let token = "";
beforeAll(async () => (token = await accessToken(await standInPlatforms(), "viewer@example.com", "viewer")));

interface Counts {
  readonly at: string;
  readonly prize: string;
  readonly issued: number;
  readonly issuedAsFallback: number;
  readonly revealed: number;
  readonly redeemed: number;
  readonly rewards: { readonly granted: number; readonly failed: number };
}

function ask(campaign: string, query: Readonly<Record<string, string>>): Promise<Response> {
  const path = `/admin/v1/campaigns/${campaign}/stats?${new URLSearchParams(query).toString()}`;
  return call(path, { headers: { "cf-access-jwt-assertion": token } });
}

async function countsOf(campaign: string, query: Readonly<Record<string, string>>): Promise<readonly Counts[]> {
  return (await answerOf<{ counts: readonly Counts[] }>(await ask(campaign, query))).counts;
}

async function seedCounters(campaign: string, rows: readonly (readonly [at: string, type: CounterType, prize: string, count: number])[]) {
  const values = rows.map(([at, type, prize, count]) => [Date.parse(at), type, prize, count]);
  await env.LEDGER.prepare(
    "INSERT INTO minute_counters (campaign, minute, type, prize, count) SELECT ?1, value->>0, value->>1, value->>2, value->>3 FROM json_each(?2)",
  )
    .bind(campaign, JSON.stringify(values))
    .run();
}

const NOTHING = { issued: 0, issuedAsFallback: 0, revealed: 0, redeemed: 0, used: 0, voided: 0, expired: 0 };

describe("GET /campaigns/{id}/stats", () => {
  it("counts by step and prize, from the minute of `from` on and before `to`", async () => {
    const campaign = await publishedCampaign();
    await seedCounters(campaign, [
      ["2027-02-05T11:59:00Z", "issued", "coupon", 100],
      ["2027-02-05T12:00:00Z", "issued", "coupon", 3],
      ["2027-02-05T12:04:00Z", "issued_as_fallback", "thanks", 2],
      ["2027-02-05T12:04:00Z", "issued", "coupon", 1],
      ["2027-02-05T12:05:00Z", "reward_granted", "points", 4],
      ["2027-02-05T12:05:00Z", "reward_failed", "points", 5],
      ["2027-02-05T12:06:00Z", "reward_failed", "coupon", 0],
      ["2027-02-05T12:10:00Z", "issued", "coupon", 100],
    ]);
    const range = { from: "2027-02-05T12:00:59Z", to: "2027-02-05T12:10:00Z" };
    const rewards = { granted: 0, failed: 0 };
    expect(await countsOf(campaign, { ...range, step: "5m" })).toEqual([
      { ...NOTHING, at: "2027-02-05T12:00:00.000Z", prize: "coupon", issued: 4, rewards },
      { ...NOTHING, at: "2027-02-05T12:00:00.000Z", prize: "thanks", issuedAsFallback: 2, rewards },
      { ...NOTHING, at: "2027-02-05T12:05:00.000Z", prize: "points", rewards: { granted: 4, failed: 5 } },
    ]);
    expect((await countsOf(campaign, range)).map(({ at }) => at.slice(11, 16))).toEqual(["12:00", "12:04", "12:04", "12:05"]);
    expect(await countsOf(await publishedCampaign(), range)).toEqual([]);
  });

  it("equals a recount of the ledger after a campaign was played", async () => {
    const campaign = await openedCampaign({ coupon: 5, points: 5 }, { fallback: "thanks", expectedPeakPerSecond: 100 });
    const address = { campaign, shard: 0 };
    const draws = Array.from({ length: 15 }, (_, i) => ({ requestId: `r${i}`, recipient: null, lineUserId: "Ualice", metadata: null }));
    const reply = await drawBy(cardIssuer(env, address), { ...address, shards: 1, draws });
    for (const result of reply.status === "done" ? reply.results : []) {
      if (!("cardId" in result)) continue;
      const command = { ...address, cardId: result.cardId, lineUserId: "Ualice" };
      await cardIssuer(env, address).reveal({ ...command, trail: null });
      await cardIssuer(env, address).redeem(command);
    }
    const day = { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() + 3_600_000).toISOString(), step: "1d" };
    await expect.poll(async () => (await countsOf(campaign, day)).reduce((sum, { redeemed }) => sum + redeemed, 0)).toBe(15);
    const counted = await countsOf(campaign, day);
    expect(counted.map(({ prize, issued, issuedAsFallback }) => [prize, issued, issuedAsFallback])).toEqual([
      ["coupon", 5, 0],
      ["points", 5, 0],
      ["thanks", 0, 5],
    ]);
    const ledger = await recount(campaign);
    const sum = (type: CounterType) => ledger.reduce((total, row) => (row.type === type ? total + row.count : total), 0);
    const shown = (of: (counts: Counts) => number) => counted.reduce((total, counts) => total + of(counts), 0);
    expect(shown(({ issued }) => issued)).toBe(sum("issued"));
    expect(shown(({ issuedAsFallback }) => issuedAsFallback)).toBe(sum("issued_as_fallback"));
    expect(shown(({ revealed }) => revealed)).toBe(sum("revealed"));
    expect(counted[0]?.rewards.granted).toBe(5);
  });

  it("refuses what is no time, or more than can be shown", async () => {
    const campaign = await publishedCampaign();
    const range = { from: "2027-02-05T12:00:00Z", to: "2027-02-06T12:00:00Z" };
    expect(await countsOf(campaign, { ...range, step: "1m" })).toEqual([]);
    for (const query of [
      { ...range, to: range.from },
      { ...range, to: "2027-02-06T12:01:00Z" },
      { ...range, step: "30s" },
      { ...range, step: "0m" },
      { from: range.from },
    ]) {
      expect(await problemOf(await ask(campaign, query as Readonly<Record<string, string>>))).toBe("invalid_request");
    }
    expect(await problemOf(await ask("no-such-campaign", range))).toBe("campaign_not_found");
    const many = Array.from({ length: 20_001 }, (_, i) => [range.from, "issued", `prize-${i}`, 1] as const);
    await seedCounters(campaign, many);
    expect(await problemOf(await ask(campaign, range))).toBe("invalid_request");
  });
});
