import { isDeepStrictEqual } from "node:util";
import type { CampaignRules, CampaignStatus, LifecycleVerb, PublishedRules } from "../protocol.ts";

/** Where each verb leads, and from where; a verb whose target is the present status changes nothing and is answered as done. */
const TRANSITIONS: Record<LifecycleVerb, { readonly from: readonly CampaignStatus[]; readonly to: CampaignStatus }> = {
  open: { from: ["draft"], to: "open" },
  pause: { from: ["open"], to: "paused" },
  resume: { from: ["paused"], to: "open" },
  close: { from: ["open", "paused"], to: "closed" },
};

export type StatusChange =
  | { readonly status: "changed"; readonly rules: CampaignRules }
  | { readonly status: "unchanged" }
  | { readonly status: "wrong_state" }
  | { readonly status: "no_stock" };

export function changeStatus(rules: CampaignRules, verb: LifecycleVerb, hasStock: boolean): StatusChange {
  const { from, to } = TRANSITIONS[verb];
  if (rules.status === to) return { status: "unchanged" };
  if (!from.includes(rules.status)) return { status: "wrong_state" };
  if (verb === "open" && !hasStock && rules.fallback === null) return { status: "no_stock" };
  return { status: "changed", rules: { ...rules, status: to, version: rules.version + 1 } };
}

export interface StockedPrize {
  readonly prize: string;
  readonly segment: string;
}

export type RulesChange =
  | { readonly status: "changed"; readonly rules: CampaignRules }
  | { readonly status: "unchanged"; readonly rules: CampaignRules }
  | { readonly status: "prize_in_stock"; readonly prize: string; readonly segment: string }
  | { readonly status: "segment_in_stock"; readonly segment: string };

/** Takes over a newly published file: a prize that is in stock, or was dealt as the fallback, stays what it is; shards are fixed once open. */
export function changeRules(current: CampaignRules | null, published: PublishedRules, stocked: readonly StockedPrize[]): RulesChange {
  if (current === null) return { status: "changed", rules: { ...published, version: 1, status: "draft" } };
  const bound = [...stocked];
  if (current.status !== "draft" && current.fallback !== null) bound.push({ prize: current.fallback, segment: "fallback" });
  for (const { prize, segment } of bound) {
    if (published.prizes[prize] !== current.prizes[prize]) return { status: "prize_in_stock", prize, segment };
  }
  for (const { segment } of stocked) {
    if (!isDeepStrictEqual(published.pools[segment], current.pools[segment])) return { status: "segment_in_stock", segment };
  }
  const next: CampaignRules = {
    ...published,
    shards: current.status === "draft" ? published.shards : current.shards,
    version: current.version,
    status: current.status,
  };
  if (isDeepStrictEqual(next, current)) return { status: "unchanged", rules: current };
  return { status: "changed", rules: { ...next, version: current.version + 1 } };
}
