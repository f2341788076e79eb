import { describe, expect, it } from "vitest";
import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { CampaignRules, SegmentOptions } from "../../durable-objects/protocol.ts";
import { checkSchedule } from "./schedule.ts";
import type { ScheduledFile } from "./schedule.ts";

const rules = (options: Partial<SegmentOptions> = {}): CampaignRules => ({
  campaign: "spring",
  version: 1,
  status: "draft",
  shards: 1,
  startsAtMs: 100_000,
  endsAtMs: 200_000,
  cardTtlMs: null,
  timezone: "UTC",
  limits: { perRecipient: null, perRecipientPerDay: null },
  autoRedeem: false,
  returnStock: { onVoid: false, onExpiry: false },
  fallback: "thanks",
  prizes: {},
  pools: { "a.csv": { ...PLAIN_SEGMENT, ...options } },
});
const file = (over: Partial<ScheduledFile> = {}): ScheduledFile => ({
  segment: "a.csv",
  cards: 10,
  codes: 0,
  opensAtMs: null,
  closesAtMs: null,
  ...over,
});
const places = (over: Partial<ScheduledFile>, options?: Partial<SegmentOptions>) =>
  checkSchedule(file(over), rules(options)).map(({ at }) => at);

describe("a schedule", () => {
  it("works when its wave touches the campaign", () => {
    expect(places({})).toEqual([]);
    expect(places({ opensAtMs: 199_999, closesAtMs: 900_000 })).toEqual([]);
  });

  it("cannot work when its wave lies outside the campaign", () => {
    expect(places({ opensAtMs: 200_000 })).toEqual(["opens_at"]);
    expect(places({ closesAtMs: 100_000 })).toEqual(["closes_at"]);
  });

  it("cannot have more winning moments than its window has seconds, nor waves beside them", () => {
    const moments = { fromMs: 100_000, toMs: 110_000 };
    expect(places({ cards: 10 }, { moments })).toEqual([]);
    expect(places({ cards: 11 }, { moments })).toEqual(["file"]);
    expect(places({ opensAtMs: 100_000 }, { moments })).toEqual(["file"]);
  });

  it("cannot deal codes again", () => {
    expect(places({ codes: 1 }, { repeat: { maxDecks: null } })).toEqual(["code"]);
  });
});
