import { expect, it } from "vitest";
import { toRules } from "./rules.ts";
import { campaignFileSchema, ledgersForShards, MAX_SHARDS, shardsForPeak } from "./schema.ts";

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
  expect(toRules(file, 1)).toEqual({
    campaign: "spring-2027",
    shards: 3,
    ledgers: 1,
    startsAtMs: Date.UTC(2027, 1, 5, 12),
    endsAtMs: Date.UTC(2027, 1, 20, 16),
    cardTtlMs: 1_800_000,
    timezone: "Asia/Taipei",
    limits: { perRecipient: 3, perRecipientPerDay: null },
    autoRedeem: false,
    returnStock: { onVoid: false, onExpiry: false },
    fallback: null,
    prizes: { thanks: "none" },
    pools: {},
  });
});

it("how a pool's file is dealt is part of the rules", () => {
  const pools = {
    "wave.csv": { leftover: "roll-over" },
    "odds.csv": { repeat: true, maxDecks: 5 },
    "moments.csv": { moments: { from: "2027-02-06T00:00:00Z", to: "2027-02-07T00:00:00Z" } },
  };
  const parsed = campaignFileSchema.parse({ ...file, fallback: "thanks", pools });
  expect(toRules(parsed, 1).pools).toEqual({
    "wave.csv": { leftover: "roll-over", repeat: null, moments: null },
    "odds.csv": { leftover: "withhold", repeat: { maxDecks: 5 }, moments: null },
    "moments.csv": { leftover: "withhold", repeat: null, moments: { fromMs: Date.UTC(2027, 1, 6), toMs: Date.UTC(2027, 1, 7) } },
  });
});

it("what is said of a pool's file and is so anyway is not part of the rules", () => {
  expect(toRules(campaignFileSchema.parse({ ...file, pools: { "p.csv": {}, "q.csv": { repeat: false } } }), 1)).toEqual(toRules(file, 1));
});

it("winning moments that cannot work are refused with their place", () => {
  const faults = (moments: object, over: object = {}) =>
    campaignFileSchema
      .safeParse({ ...file, fallback: "thanks", ...over, pools: { "m.csv": moments } })
      .error?.issues.map(({ path }) => path.join("."));
  const within = { from: "2027-02-06T00:00:00Z", to: "2027-02-07T00:00:00Z" };
  expect(faults({ moments: within })).toBeUndefined();
  expect(faults({ moments: { from: within.to, to: within.from } })).toEqual(["pools.m.csv.moments"]);
  expect(faults({ moments: { ...within, to: "2028-01-01T00:00:00Z" } })).toEqual(["pools.m.csv.moments"]);
  expect(faults({ moments: within }, { fallback: undefined })).toEqual(["pools.m.csv.moments"]);
  expect(faults({ moments: within, repeat: true })).toEqual(["pools.m.csv.repeat"]);
  expect(faults({ maxDecks: 3 })).toEqual(["pools.m.csv.maxDecks"]);
});

it("a declared peak has at least one shard, and no more than a card id can name", () => {
  expect([shardsForPeak(0.1), shardsForPeak(300), shardsForPeak(301), shardsForPeak(1e9)]).toEqual([1, 1, 2, MAX_SHARDS]);
});

it("ten shards settle in one ledger, and a campaign in no more ledgers than are bound", () => {
  expect([1, 10, 11, 334].map((shards) => ledgersForShards(shards, 64))).toEqual([1, 1, 2, 34]);
  expect([1, 3, 34].map((bound) => ledgersForShards(334, bound))).toEqual([1, 3, 34]);
});
