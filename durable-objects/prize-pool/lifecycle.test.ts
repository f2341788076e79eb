import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIFECYCLE_VERBS } from "../protocol.ts";
import type { CampaignRules, PublishedRules } from "../protocol.ts";
import { changeRules, changeStatus } from "./lifecycle.ts";

const ORDER = ["draft", "open", "closed"];
const published: PublishedRules = {
  campaign: "spring",
  shards: 2,
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
const steps = fc.oneof(
  fc.record({ verb: fc.constantFrom(...LIFECYCLE_VERBS), hasStock: fc.boolean() }),
  fc.record({ shards: fc.integer({ min: 1, max: 4 }), win: fc.constantFrom("coupon" as const, "webhook" as const) }),
);

describe("a campaign's rules", () => {
  it("go forward only, count every change and no other, and keep what is bound", () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), (sequence) => {
        let rules: CampaignRules = { ...published, version: 1, status: "draft" };
        for (const step of sequence) {
          const stocked = [{ prize: "win", segment: "first.csv" }];
          const change =
            "verb" in step
              ? changeStatus(rules, step.verb, step.hasStock)
              : changeRules(rules, { ...published, shards: step.shards, prizes: { ...published.prizes, win: step.win } }, stocked);
          if (change.status !== "changed") continue;
          const next = change.rules;
          expect(next.version).toBe(rules.version + 1);
          expect({ ...next, version: 0 }).not.toEqual({ ...rules, version: 0 });
          const [from, to] = [rules.status, next.status].map((status) => ORDER.indexOf(status === "paused" ? "open" : status));
          expect(to).toBeGreaterThanOrEqual(from ?? 0);
          expect(next.prizes["win"]).toBe(rules.prizes["win"]);
          expect(rules.status === "draft" || next.shards === rules.shards).toBe(true);
          rules = next;
        }
      }),
    );
  });
});
