import { MAX_SEGMENT_CARDS } from "../protocol.ts";
import type { CampaignRules, EmptyReason, LeaseReply, LeaseRequest } from "../protocol.ts";
import { chooseLease } from "./leases.ts";
import { freshCards, laterCardsAt, needsDeck } from "./segment.ts";
import type { SegmentTerms } from "./segment.ts";
import { countOrdinals } from "./ordinals.ts";
import type { LeaseRow, PoolStorage } from "./storage.ts";

export interface GrantContext {
  readonly rules: CampaignRules;
  readonly nowMs: number;
  readonly random: number;
  /** Every card that is leased is known to be issued. */
  readonly allIssued: boolean;
}

/**
 * Hands out the next run of stock, inside one transaction. The same request number gives the same lease again, whatever happened to the
 * first reply.
 */
export function grantLease(storage: PoolStorage, { shard, request, want }: LeaseRequest, context: GrantContext): LeaseReply {
  const { rules, nowMs, random } = context;
  const before = storage.leaseByRequest(shard, request);
  if (before !== null) return { status: "granted", lease: storage.lease(before), low: true, rules };
  const segments = storage.segments();
  const empty = (reason: EmptyReason, untilMs = nextComing(segments, nowMs)): LeaseReply => ({ status: "empty", reason, untilMs, rules });
  if (rules.status !== "open") return empty("later");
  const returned = storage.returned();
  const choice = chooseLease(segments, returned, { shards: rules.shards, want, nowMs, random });
  if (choice === null) {
    if (!context.allIssued) return empty("elsewhere");
    const untilMs = nextComing(segments, nowMs);
    return empty(untilMs === null ? "exhausted" : "later", untilMs);
  }
  const row = choice.from === "returned" ? takeReturned(storage, returned, choice) : takeFresh(storage, choice);
  const lease = storage.addLease({ ...row, shard, request, atMs: nowMs });
  return { status: "granted", lease: storage.lease({ ...row, lease }), low: choice.low, rules };
}

/** When cards come into play next that are not there yet; null: never. */
function nextComing(segments: readonly SegmentTerms[], nowMs: number): number | null {
  const comings = segments.map((segment) => laterCardsAt(segment, nowMs)).filter((atMs) => atMs !== null);
  return comings.length === 0 ? null : Math.min(...comings);
}

type Taken = Omit<LeaseRow, "lease">;

function takeReturned(
  storage: PoolStorage,
  returned: ReturnType<PoolStorage["returned"]>,
  { run, cards }: { readonly run: number; readonly cards: number },
): Taken {
  const taken = returned.find((one) => one.run === run);
  if (taken === undefined) throw new Error("the run that was chosen is not there");
  storage.takeReturned(taken, cards);
  const { segment, start, codes } = taken;
  return { segment, start, cards, dealtBefore: [], codes: codes?.slice(0, cards) ?? null };
}

function takeFresh(
  storage: PoolStorage,
  { segment, start, cards }: { readonly segment: number; readonly start: number; readonly cards: number },
): Taken {
  const before = storage.segment(segment);
  const counts = countOrdinals(storage.ordinals(before, start, cards), before.manifest.length);
  const dealt = before.dealt.map((n, ordinal) => n + (counts[ordinal] ?? 0));
  storage.advanceSegment(segment, start + cards, dealt);
  const after = { ...before, next: start + cards, dealt };
  if (needsDeck(after)) storage.addDeck(after);
  return { segment, start, cards, dealtBefore: before.dealt, codes: null };
}

/** Leases every winning moment whose time has come to an issuer drawn by lot, to be brought to it. */
export function releaseMoments(
  storage: PoolStorage,
  { rules, nowMs, random }: { rules: CampaignRules; nowMs: number; random: () => number },
): void {
  if (rules.status !== "open") return;
  for (const { segment, moments, next } of storage.segments()) {
    if (moments === null) continue;
    const released = freshCards(storage.segment(segment), nowMs);
    for (let position = next; position < next + released; position++) {
      const shard = Math.floor(random() * rules.shards);
      const row = takeFresh(storage, { segment, start: position, cards: 1 });
      // Requests of issuers count from 1: these, below 0, are nobody's.
      const lease = storage.addLease({ ...row, shard, request: -(segment * MAX_SEGMENT_CARDS + position + 1), atMs: nowMs });
      storage.addDelivery(lease, shard);
    }
  }
}
