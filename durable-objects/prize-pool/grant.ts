import type { CampaignRules, EmptyReason, LeaseReply, LeaseRequest } from "../protocol.ts";
import { chooseLease, hasLaterStock } from "./leases.ts";
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
  const empty = (reason: EmptyReason): LeaseReply => ({ status: "empty", reason, rules });
  if (rules.status !== "open") return empty("later");
  const segments = storage.segments().filter(({ status }) => status === "ready");
  const returned = storage.returned();
  const choice = chooseLease(segments, returned, { shards: rules.shards, want, nowMs, random });
  if (choice === null) {
    if (hasLaterStock(segments, nowMs)) return empty("later");
    return empty(context.allIssued ? "exhausted" : "elsewhere");
  }
  const row = choice.from === "returned" ? takeReturned(storage, returned, choice) : takeFresh(storage, choice);
  const lease = storage.addLease({ ...row, shard, request, atMs: nowMs });
  return { status: "granted", lease: storage.lease({ ...row, lease }), low: choice.low, rules };
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
  const { dealt, manifest } = storage.segment(segment);
  const counts = countOrdinals(storage.ordinals(segment, start, cards), manifest.length);
  storage.advanceSegment(
    segment,
    start + cards,
    dealt.map((n, ordinal) => n + (counts[ordinal] ?? 0)),
  );
  return { segment, start, cards, dealtBefore: dealt, codes: null };
}
