import { describe, expect, it } from "vitest";
import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { CampaignRules, SegmentOptions } from "../../durable-objects/protocol.ts";
import type { ScheduledSegment } from "../../durable-objects/schedule.ts";
import { scheduleFaults } from "./schedule.ts";

const rules = (options: Partial<SegmentOptions> = {}): CampaignRules => ({
  campaign: "spring",
  version: 1,
  status: "draft",
  shards: 1,
  ledgers: 1,
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
const file = (over: Partial<ScheduledSegment> = {}): ScheduledSegment => ({
  segment: "a.csv",
  cards: 10,
  hasCodes: false,
  opensAtMs: null,
  closesAtMs: null,
  ...over,
});
const NOW = 50_000;
const places = (over: Partial<ScheduledSegment>, options?: Partial<SegmentOptions>) =>
  scheduleFaults(file(over), rules(options), NOW).map(({ at }) => at);

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
    expect(places({ hasCodes: true }, { repeat: { maxDecks: null } })).toEqual(["code"]);
  });

  it("cannot work any more when its wave or its window is over", () => {
    const faults = (over: Partial<ScheduledSegment>, options: Partial<SegmentOptions>, nowMs: number) =>
      scheduleFaults(file(over), rules(options), nowMs).map(({ at }) => at);
    expect(faults({ closesAtMs: 150_000 }, {}, 149_999)).toEqual([]);
    expect(faults({ closesAtMs: 150_000 }, {}, 150_000)).toEqual(["closes_at"]);
    const moments = { fromMs: 100_000, toMs: 110_000 };
    expect(faults({}, { moments }, 109_999)).toEqual([]);
    expect(faults({}, { moments }, 110_000)).toEqual(["file"]);
  });

  it("cannot have more winning moments than the pool can keep the times of", () => {
    expect(places({ cards: 250_000 }, { moments: { fromMs: 0, toMs: 1e9 } })).toEqual([]);
    expect(places({ cards: 250_001 }, { moments: { fromMs: 0, toMs: 1e9 } })).toEqual(["file"]);
  });
});
