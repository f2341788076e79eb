import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { campaignFileSchema, shardsForPeak } from "../worker/campaign/schema.ts";
import { DEMO_POOL, demoCampaignFile, divideWinners, poolCsv } from "./demo-campaign.ts";

const NOW_MS = Date.parse("2027-02-05T12:00:00Z");

test("the demo campaign is one that the importer takes, on two shards, under way now", async () => {
  const file = campaignFileSchema.parse(await demoCampaignFile("demo-7", NOW_MS));
  expect(file.id).toBe("demo-7");
  expect(shardsForPeak(file.expectedPeakPerSecond)).toBe(2);
  expect(Date.parse(file.startsAt)).toBeLessThan(NOW_MS);
  expect(Date.parse(file.endsAt) - NOW_MS).toBe(30 * 86_400_000);
});

test("every text of the demo campaign is there in all four languages", async () => {
  const file = campaignFileSchema.parse(await demoCampaignFile("demo", NOW_MS));
  const texts = [
    file.title,
    ...Object.values(file.texts ?? {}),
    ...file.prizes.flatMap(({ name, description }) => [name, description ?? name]),
  ];
  for (const text of texts) expect(Object.keys(text).toSorted()).toEqual(["en", "ja", "th", "zh-TW"]);
});

test("four of five cards of the demo pool win", async () => {
  const file = await demoCampaignFile("demo", NOW_MS);
  const [, ...rows] = (await readFile(DEMO_POOL, "utf8")).trim().split("\n");
  const cards = rows.map((row) => row.split(",")).map(([prize, quantity]) => ({ prize, quantity: Number(quantity) }));
  const total = cards.reduce((sum, { quantity }) => sum + quantity, 0);
  const losing = cards.find(({ prize }) => prize === file.fallback)?.quantity ?? 0;
  expect((total - losing) / total).toBe(0.8);
  expect(new Set(rows.filter((row) => row.startsWith("cafe-code"))).size).toBe(100);
});

test("winners divide into exactly as many cards, whatever their number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), (winners) => {
      const manifest = divideWinners(winners);
      expect([...manifest.values()].reduce((sum, quantity) => sum + quantity, 0)).toBe(winners);
      expect(Math.min(...manifest.values())).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("a made pool has a row a code and a row a prize", () => {
  const rows = poolCsv(divideWinners(400)).trim().split("\n");
  expect(rows).toContain("points-10,160,");
  expect(rows).toContain("coupon-50,160,");
  expect(new Set(rows.filter((row) => row.startsWith("cafe-code,1,"))).size).toBe(40);
});
