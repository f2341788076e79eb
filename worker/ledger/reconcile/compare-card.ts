import type { HeldCard, PrizeKind } from "../../../durable-objects/protocol.ts";
import { isLocal } from "../../rewards/local.ts";
import type { LedgerCard, RewardRow } from "../queries.ts";
import { expectedCard } from "./expected-card.ts";
import type { ComparedCard } from "./expected-card.ts";

/** A card as the ledger has it; null where it has not. */
export interface LedgerEntry {
  readonly card: LedgerCard | null;
  readonly reward: Pick<RewardRow, "campaign" | "prize" | "kind" | "lineUser" | "recipient" | "status" | "createdAt"> | null;
}

export type CardVerdict =
  | { readonly status: "same" }
  /** Events of it are on their way to the ledger. */
  | { readonly status: "waiting" }
  /** The ledger has news of it that came after the issuer was asked: ask again. */
  | { readonly status: "newer" }
  /** What is wrong, field by field; no value that is a person's or a secret. */
  | { readonly status: "different"; readonly faults: readonly string[] };

/** Fields whose values may be told; of the others it is said that they differ. */
const TOLD: ReadonlySet<string> = new Set([
  "campaign",
  "shard",
  "version",
  "state",
  "prize",
  "kind",
  "status",
  "segment",
  "position",
  "returned",
]);

/** Holds a card of an issuer against the ledger, which was read after it. */
export function compareCard(campaign: string, shard: number, held: HeldCard, { card, reward }: LedgerEntry): CardVerdict {
  const onTheWay = held.onTheWay.length > 0;
  /** The ledger has all events up to this one. */
  const confirmedVersion = Math.min(held.version, ...held.onTheWay.map((version) => version - 1));
  if (card === null) {
    if (confirmedVersion === 0) return { status: "waiting" };
    return { status: "different", faults: ["the ledger has no such card"] };
  }
  if (card.version > held.version) return { status: "newer" };
  const expected = expectedCard(campaign, shard, held, card.version);
  const rewarded = rewardFaults(expected, held.kind, reward);
  const faults = [...cardFaults(expected, card), ...rewarded];
  if (card.version < confirmedVersion) faults.unshift(`version: ${held.version} at its issuer, ${card.version} in the ledger`);
  if (faults.length === 0) return { status: "same" };
  // Events that settle out of order leave gaps for each other; what they have said already they never take back.
  const mayFill = onTheWay && card.version >= confirmedVersion && rewarded.length === 0;
  if (mayFill && cardFaults(expected, card, { gaps: false }).length === 0) return { status: "waiting" };
  return { status: "different", faults };
}

function cardFaults(expected: ComparedCard, card: LedgerCard, { gaps = true } = {}): string[] {
  return faultsOf(expected, card).flatMap(({ field, fault }) => (gaps || card[field] !== null ? [fault] : []));
}

function rewardFaults(card: ComparedCard, kind: PrizeKind, reward: LedgerEntry["reward"]): string[] {
  const owed = card.redeemedAt !== null && kind !== "none";
  if (reward === null) return owed ? ["reward: the ledger has none"] : [];
  if (!owed) return ["reward: the ledger has one, and the card was not redeemed"];
  const { campaign, prize, lineUser, recipient, redeemedAt } = card;
  const expected = { campaign, prize, kind, lineUser, recipient, createdAt: redeemedAt, ...(isLocal(kind) ? { status: "granted" } : {}) };
  return faultsOf(expected, reward).map(({ fault }) => `reward's ${fault}`);
}

function faultsOf<Expected extends object>(
  expected: Expected,
  row: { readonly [Field in keyof Expected]: unknown },
): { readonly field: keyof Expected; readonly fault: string }[] {
  return (Object.keys(expected) as (keyof Expected & string)[]).flatMap((field) => {
    const [should, is] = [expected[field], row[field]];
    if (should === is) return [];
    return [
      { field, fault: TOLD.has(field) ? `${field}: ${String(should)} at its issuer, ${String(is)} in the ledger` : `${field}: differs` },
    ];
  });
}
