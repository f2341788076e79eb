import { isDeepStrictEqual } from "node:util";
import { PLAIN_SEGMENT } from "../protocol.ts";
import type { CampaignRules, CampaignStatus, LifecycleVerb, PublishedRules, PublishReply } from "../protocol.ts";
import { checkSchedule } from "../schedule.ts";
import type { ScheduledSegment } from "../schedule.ts";

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
  | { readonly status: "no_stock" }
  | { readonly status: "ended" };

export function changeStatus(
  rules: CampaignRules,
  verb: LifecycleVerb,
  { hasStock, nowMs }: { readonly hasStock: boolean; readonly nowMs: number },
): StatusChange {
  const { from, to } = TRANSITIONS[verb];
  if (rules.status === to) return { status: "unchanged" };
  if (!from.includes(rules.status)) return { status: "wrong_state" };
  if (verb === "open" && rules.endsAtMs <= nowMs) return { status: "ended" };
  if (verb === "open" && !hasStock && rules.fallback === null) return { status: "no_stock" };
  return { status: "changed", rules: { ...rules, status: to, version: rules.version + 1 } };
}

/** A segment in stock, as far as it binds the rules. */
export interface StockedSegment extends ScheduledSegment {
  readonly prizes: readonly string[];
}

export type RulesChange =
  | { readonly status: "changed"; readonly rules: CampaignRules }
  | { readonly status: "unchanged"; readonly rules: CampaignRules }
  | Exclude<PublishReply, { status: "published" }>;

/**
 * Takes over a newly published file: a prize that is in stock, or was dealt as the fallback, stays what it is; no segment in stock may become one that
 * cannot be dealt. Once the campaign has been opened, its shards and ledgers are fixed, how each segment is dealt, and its fallback: cards are verified against it.
 */
export function changeRules(current: CampaignRules | null, published: PublishedRules, stocked: readonly StockedSegment[]): RulesChange {
  if (current === null) return { status: "changed", rules: { ...published, version: 1, status: "draft" } };
  const isDraft = current.status === "draft";
  const { fallback } = current;
  const bound: { readonly prize: string; readonly segment: string | null }[] = stocked.flatMap(({ segment, prizes }) =>
    prizes.map((prize) => ({ prize, segment })),
  );
  if (!isDraft && fallback !== null) {
    if (published.fallback !== fallback) return { status: "fallback_fixed", fallback };
    bound.push({ prize: fallback, segment: null });
  }
  for (const { prize, segment } of bound) {
    if (published.prizes[prize] !== current.prizes[prize]) return { status: "prize_in_stock", prize, segment, campaign: current.status };
  }
  for (const one of stocked) {
    const [before, after] = [current, published].map(({ pools }) => pools[one.segment] ?? PLAIN_SEGMENT);
    if (!isDraft && !isDeepStrictEqual(after, before)) return { status: "segment_in_stock", segment: one.segment };
    const known = new Set(checkSchedule(one, current).map(({ reason }) => reason));
    const conflicts = checkSchedule(one, published).filter(({ reason }) => !known.has(reason));
    if (conflicts.length > 0) return { status: "schedule_impossible", segment: one.segment, conflicts };
  }
  const next: CampaignRules = {
    ...published,
    shards: isDraft ? published.shards : current.shards,
    ledgers: isDraft ? published.ledgers : current.ledgers,
    version: current.version,
    status: current.status,
  };
  if (isDeepStrictEqual(next, current)) return { status: "unchanged", rules: current };
  return { status: "changed", rules: { ...next, version: current.version + 1 } };
}
