import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIFECYCLE_VERBS, PLAIN_SEGMENT } from "../protocol.ts";
import type { CampaignRules, PublishedRules } from "../protocol.ts";
import { changeRules, changeStatus } from "./lifecycle.ts";
import type { StockedSegment } from "./lifecycle.ts";

const ORDER = ["draft", "open", "closed"];
const published: PublishedRules = {
  campaign: "spring",
  shards: 2,
  ledgers: 1,
  startsAtMs: 0,
  endsAtMs: 1_000,
  cardTtlMs: null,
  timezone: "Asia/Taipei",
  limits: { perRecipient: null, perRecipientPerDay: null },
  autoRedeem: false,
  returnStock: { onVoid: false, onExpiry: false },
  fallback: null,
  prizes: { win: "coupon", thanks: "none" },
  pools: {},
};
const first: StockedSegment = { segment: "first.csv", prizes: ["win"], cards: 10, hasCodes: false, opensAtMs: null, closesAtMs: null };
const draft: CampaignRules = { ...published, version: 1, status: "draft" };
const open: CampaignRules = { ...draft, status: "open" };
const steps = fc.oneof(
  fc.record({ verb: fc.constantFrom(...LIFECYCLE_VERBS), hasStock: fc.boolean() }),
  fc.record({
    shards: fc.integer({ min: 1, max: 4 }),
    ledgers: fc.integer({ min: 1, max: 3 }),
    win: fc.constantFrom("coupon" as const, "webhook" as const),
  }),
);

describe("a campaign's rules", () => {
  it("go forward only, count every change and no other, and keep what is bound", () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), (sequence) => {
        let rules = draft;
        for (const step of sequence) {
          const change =
            "verb" in step
              ? changeStatus(rules, step.verb, { hasStock: step.hasStock, nowMs: 0 })
              : changeRules(
                  rules,
                  { ...published, shards: step.shards, ledgers: step.ledgers, prizes: { ...published.prizes, win: step.win } },
                  [first],
                );
          if (change.status !== "changed") continue;
          const next = change.rules;
          expect(next.version).toBe(rules.version + 1);
          expect({ ...next, version: 0 }).not.toEqual({ ...rules, version: 0 });
          const [from, to] = [rules.status, next.status].map((status) => ORDER.indexOf(status === "paused" ? "open" : status));
          expect(to).toBeGreaterThanOrEqual(from ?? 0);
          expect(next.prizes["win"]).toBe(rules.prizes["win"]);
          expect(rules.status === "draft" || next.shards === rules.shards).toBe(true);
          expect(rules.status === "draft" || next.ledgers === rules.ledgers).toBe(true);
          rules = next;
        }
      }),
    );
  });

  it("let a fallback be added, and keep the one that there is once the campaign has been opened", () => {
    const change = (current: CampaignRules, fallback: string | null) => changeRules(current, { ...published, fallback }, []).status;
    expect(change({ ...draft, fallback: "thanks" }, "win")).toBe("changed");
    expect(change(open, "thanks")).toBe("changed");
    for (const status of ["open", "paused", "closed"] as const) {
      for (const fallback of ["win", null]) expect(change({ ...open, status, fallback: "thanks" }, fallback)).toBe("fallback_fixed");
    }
  });

  it("say how a segment in stock is dealt, and may say otherwise until the campaign is opened", () => {
    const change = (current: CampaignRules, pools: CampaignRules["pools"]) => changeRules(current, { ...published, pools }, [first]).status;
    const repeat = { ...PLAIN_SEGMENT, repeat: { maxDecks: null } };
    expect(change(draft, { "first.csv": repeat })).toBe("changed");
    expect(change(open, { "first.csv": repeat })).toBe("segment_in_stock");
    expect(change({ ...open, pools: { "first.csv": PLAIN_SEGMENT } }, {})).not.toBe("segment_in_stock");
  });

  it("are refused where a segment in stock could not be dealt by them, and not where it could not be before", () => {
    const wave = { ...first, opensAtMs: 600, closesAtMs: 900 };
    const reasons = (over: Partial<PublishedRules>, segment: StockedSegment, current = draft) => {
      const change = changeRules(current, { ...published, ...over }, [segment]);
      return change.status === "schedule_impossible" ? change.conflicts.map(({ reason }) => reason) : change.status;
    };
    expect(reasons({ endsAtMs: 600 }, wave)).toEqual(["opens_after_end"]);
    expect(reasons({ startsAtMs: 900 }, wave)).toEqual(["closes_before_start"]);
    expect(reasons({ endsAtMs: 601 }, wave)).toBe("changed");
    expect(reasons({ endsAtMs: 600 }, wave, { ...draft, endsAtMs: 500 })).toBe("changed");
    const options = (over: object) => ({ pools: { "first.csv": { ...PLAIN_SEGMENT, ...over } } });
    expect(reasons(options({ moments: { fromMs: 0, toMs: 9_999 } }), first)).toEqual(["too_many_moments"]);
    expect(reasons(options({ moments: { fromMs: 0, toMs: 10_000 } }), wave)).toEqual(["wave_of_moments"]);
    expect(reasons(options({ repeat: { maxDecks: null } }), { ...first, hasCodes: true })).toEqual(["codes_repeat"]);
  });

  it("open no campaign that is over", () => {
    expect(changeStatus(draft, "open", { hasStock: true, nowMs: 999 }).status).toBe("changed");
    expect(changeStatus(draft, "open", { hasStock: true, nowMs: 1_000 }).status).toBe("ended");
  });
});
