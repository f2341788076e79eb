import { expect, it } from "vitest";
import { toRules } from "./rules.ts";
import { campaignFileSchema, MAX_SHARDS, shardsForPeak } from "./schema.ts";

const file = campaignFileSchema.parse({
  id: "spring-2027",
  title: { en: "Spring scratch" },
  timezone: "Asia/Taipei",
  startsAt: "2027-02-05T20:00:00+08:00",
  endsAt: "2027-02-20T16:00:00Z",
  cardTtlHours: 0.5,
  line: { channelId: "2000000000", liffId: "2000000000-abcdefgh" },
  expectedPeakPerSecond: 601,
  limits: { perRecipient: 3 },
  prizes: [{ id: "thanks", kind: "none", name: { en: "Thank you" } }],
});

it("the rules are the file in milliseconds, with null for what it leaves open", () => {
  expect(toRules(file)).toEqual({
    campaign: "spring-2027",
    shards: 3,
    startsAtMs: Date.UTC(2027, 1, 5, 12),
    endsAtMs: Date.UTC(2027, 1, 20, 16),
    cardTtlMs: 1_800_000,
    timezone: "Asia/Taipei",
    limits: { perRecipient: 3, perRecipientPerDay: null },
    autoRedeem: false,
    returnStock: { onVoid: false, onExpiry: false },
    fallback: null,
    prizes: { thanks: "none" },
  });
});

it("a declared peak has at least one shard, and no more than a card id can name", () => {
  expect([shardsForPeak(0.1), shardsForPeak(300), shardsForPeak(301), shardsForPeak(1e9)]).toEqual([1, 1, 2, MAX_SHARDS]);
});
