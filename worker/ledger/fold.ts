import { blockEvents } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import type { CardEvent, CardState, PrizeKind } from "../../durable-objects/protocol.ts";
import { isLocal } from "../rewards/local.ts";
import type { CounterType } from "./schema.ts";

const MINUTE_MS = 60_000;

/** A row for the table `cards`: what these events say of one card; null where they say nothing. */
export interface FoldedCard {
  card: string;
  campaign: string;
  shard: number;
  version: number;
  state: CardState;
  prize: string;
  request: string | null;
  recipient: string | null;
  lineUser: string | null;
  metadata: string | null;
  segment: string | null;
  position: number | null;
  code: string | null;
  issuedAt: number | null;
  expiresAt: number | null;
  revealedAt: number | null;
  redeemedAt: number | null;
  usedAt: number | null;
  endedAt: number | null;
  reason: string | null;
  store: string | null;
  till: string | null;
  returned: number | null;
}

export interface FoldedReward {
  readonly card: string;
  readonly campaign: string;
  readonly prize: string;
  readonly kind: PrizeKind;
  readonly lineUser: string;
  readonly recipient: string | null;
  readonly at: number;
}

interface FoldedCounter {
  readonly campaign: string;
  readonly minute: number;
  readonly type: CounterType;
  readonly prize: string;
  count: number;
}

export interface Folded {
  readonly cards: readonly FoldedCard[];
  readonly rewards: readonly FoldedReward[];
  readonly counters: readonly FoldedCounter[];
}

/** Several blocks as rows for the ledger: one row a card, however many events it had, in whatever order the blocks came. */
export function foldBlocks(blocks: readonly Block[]): Folded {
  const cards = new Map<string, FoldedCard>();
  const rewards: FoldedReward[] = [];
  const counters = new Map<string, FoldedCounter>();
  for (const block of blocks) {
    const { campaign, shard } = block.header;
    for (const event of blockEvents(block)) {
      const card = cards.get(event.card) ?? blank(event, campaign, shard);
      cards.set(event.card, card);
      apply(card, event);
      if (event.type === "redeemed" && event.kind !== "none") {
        const { card: cardId, prize, kind, user, at } = event;
        rewards.push({ card: cardId, campaign, prize, kind, lineUser: user, recipient: event.recipient ?? null, at });
        if (isLocal(kind)) count(counters, campaign, event, "reward_granted");
      }
      if ((event.type === "voided" || event.type === "expired") && event.returned) count(counters, campaign, event, "returned");
      count(counters, campaign, event, counterType(event));
    }
  }
  return { cards: [...cards.values()], rewards, counters: [...counters.values()] };
}

function blank({ card, version, prize }: CardEvent, campaign: string, shard: number): FoldedCard {
  const unsaid = { request: null, recipient: null, lineUser: null, metadata: null, segment: null, position: null, code: null };
  const times = { issuedAt: null, expiresAt: null, revealedAt: null, redeemedAt: null, usedAt: null, endedAt: null };
  const end = { reason: null, store: null, till: null, returned: null };
  return { card, campaign, shard, version, state: "issued", prize, ...unsaid, ...times, ...end };
}

function apply(card: FoldedCard, event: CardEvent): void {
  if (event.version >= card.version) {
    card.version = event.version;
    card.state = event.type;
  }
  switch (event.type) {
    case "issued":
      card.request = event.request;
      card.recipient = event.recipient ?? null;
      card.lineUser ??= event.user ?? null;
      card.metadata = event.metadata ?? null;
      card.segment = event.segment ?? null;
      card.position = event.position ?? null;
      card.issuedAt = event.at;
      card.expiresAt = event.expires ?? null;
      return;
    case "revealed":
      card.lineUser = event.user;
      card.revealedAt = event.at;
      return;
    case "redeemed":
      card.lineUser = event.user;
      card.code = event.code ?? null;
      card.redeemedAt = event.at;
      return;
    case "used":
      card.usedAt = event.at;
      card.store = event.store;
      card.till = event.till ?? null;
      return;
    case "voided":
    case "expired":
      card.endedAt = event.at;
      card.returned = event.returned ? 1 : 0;
      card.reason = event.type === "voided" ? event.reason : null;
  }
}

function counterType(event: CardEvent): CounterType {
  return event.type === "issued" && event.segment === undefined ? "issued_as_fallback" : event.type;
}

function count(counters: Map<string, FoldedCounter>, campaign: string, { at, prize }: CardEvent, type: CounterType): void {
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const key = JSON.stringify([campaign, minute, type, prize]);
  const counter = counters.get(key);
  if (counter === undefined) counters.set(key, { campaign, minute, type, prize, count: 1 });
  else counter.count += 1;
}
