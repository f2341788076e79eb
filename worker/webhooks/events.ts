import type { CardEvent, OutgoingEvent } from "../../durable-objects/protocol.ts";
import { isLocal } from "../rewards/local.ts";

/** What partners can be told of, by the name of its `type`. */
export const EVENT_TYPES = [
  "card.revealed",
  "card.redeemed",
  "card.voided",
  "card.expired",
  "reward.granted",
  "reward.failed",
  "stock.low",
  "stock.sold_out",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Those that a block of card events may hold. */
export const BLOCK_EVENT_TYPES = ["card.revealed", "card.redeemed", "card.voided", "card.expired", "reward.granted"] as const;
export const REWARD_EVENT_TYPES = ["reward.granted", "reward.failed"] as const;
export const STOCK_EVENT_TYPES = ["stock.low", "stock.sold_out"] as const;

export interface PartnerEvent extends OutgoingEvent {
  readonly type: EventType;
}

/**
 * An event's number among those of its card: unique, and rising along the card's life. A card's state has its version's thousand; what becomes of the
 * reward comes after the redemption (`…001` to `…998`: failed, for the first time and after each redrive; `…999`: granted, which is for good) and before a use.
 */
const ORDERS_A_VERSION = 1_000;
const GRANTED_PLACE = 999;

/** A card is issued as version 1 and revealed as 2: one of a higher version that ended had been revealed. */
const REVEALED_VERSION = 2;

/** What a block's events tell a partner: nothing of who plays, of codes, or of a prize that was not revealed. */
export function eventsOfBlock(campaign: string, events: readonly CardEvent[]): PartnerEvent[] {
  return events.flatMap((event): PartnerEvent[] => {
    switch (event.type) {
      case "issued":
      case "used":
        return [];
      case "revealed":
        return [cardEvent("card.revealed", campaign, event, event.prize)];
      case "redeemed": {
        const redeemed = cardEvent("card.redeemed", campaign, event, event.prize);
        if (event.kind === "none" || !isLocal(event.kind)) return [redeemed];
        const { card, prize, version, at } = event;
        return [redeemed, rewardEvent({ campaign, card, prize, version, status: "granted", redrives: 0, at })];
      }
      case "voided":
      case "expired":
        return [cardEvent(`card.${event.type}`, campaign, event, event.version > REVEALED_VERSION ? event.prize : null)];
    }
  });
}

function cardEvent(type: EventType, campaign: string, { card, version, at }: CardEvent, prize: string | null): PartnerEvent {
  return ofCard(type, at, { campaign, cardId: card, order: version * ORDERS_A_VERSION, ...(prize === null ? {} : { prize }) });
}

export interface SettledReward {
  readonly campaign: string;
  readonly card: string;
  readonly prize: string;
  /** The card's, as redeemed. */
  readonly version: number;
  readonly status: "granted" | "failed";
  readonly redrives: number;
  readonly at: number;
}

export function rewardEvent({ campaign, card, prize, version, status, redrives, at }: SettledReward): PartnerEvent {
  const place = status === "granted" ? GRANTED_PLACE : Math.min(redrives + 1, GRANTED_PLACE - 1);
  return ofCard(`reward.${status}`, at, { campaign, cardId: card, order: version * ORDERS_A_VERSION + place, prize });
}

interface CardData {
  readonly campaign: string;
  readonly cardId: string;
  readonly order: number;
  readonly prize?: string;
}

function ofCard(type: EventType, at: number, data: CardData): PartnerEvent {
  return written(`evt_${data.cardId}_${data.order}`, type, at, data);
}

export interface StockChange {
  readonly campaign: string;
  readonly prize: string;
  readonly level: "low" | "sold_out";
  /** Counts up with each change of the prize's level. */
  readonly changes: number;
  readonly loaded: number;
  readonly issued: number;
  readonly remaining: number;
  readonly at: number;
}

export function stockEvent({ campaign, prize, level, changes, loaded, issued, remaining, at }: StockChange): PartnerEvent {
  const data = { campaign, prize, order: changes, loaded, issued, remaining };
  return written(`evt_stock_${campaign}_${prize}_${changes}`, `stock.${level}`, at, data);
}

/** Sent to try an endpoint out; of no campaign. */
export function pingEvent(endpoint: string, at: number): OutgoingEvent {
  return written(`evt_ping_${endpoint}_${at}`, "endpoint.ping", at, { endpoint });
}

function written<Type extends string>(id: string, type: Type, at: number, data: object): OutgoingEvent & { readonly type: Type } {
  return { id, type, at, body: JSON.stringify({ type, timestamp: new Date(at).toISOString(), data }) };
}
