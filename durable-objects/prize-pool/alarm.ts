import { WARM_UP_MS } from "../protocol.ts";
import type { CampaignRules } from "../protocol.ts";
import type { SegmentTerms } from "./segment.ts";

/** How soon issuers that could not be reached are tried again. */
export const RETRY_MS = 2_000;

/** Whether the campaign is about to start: its issuers are to be woken. */
export function isWarmUp({ status, startsAtMs }: CampaignRules, nowMs: number): boolean {
  return status === "open" && startsAtMs - WARM_UP_MS <= nowMs && nowMs < startsAtMs;
}

/** When the pool has to act by itself next, milliseconds since the epoch: to reach issuers that `waiting` says it could not, to wake them, to bring a winning moment out. Null: never. */
export function nextAlarm(rules: CampaignRules, segments: readonly SegmentTerms[], waiting: boolean, nowMs: number): number | null {
  const dues: number[] = [];
  if (waiting && rules.status !== "draft") dues.push(nowMs + RETRY_MS);
  if (rules.status === "open") {
    if (nowMs < rules.startsAtMs - WARM_UP_MS) dues.push(rules.startsAtMs - WARM_UP_MS);
    for (const { moments, next } of segments) {
      const nextMoment = moments?.[next];
      if (nextMoment !== undefined) dues.push(Math.max(nowMs, nextMoment));
    }
  }
  return dues.length === 0 ? null : Math.min(...dues);
}
