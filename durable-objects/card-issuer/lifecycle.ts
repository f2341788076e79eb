import type { CampaignRules, CardEvent, PrizeKind, TrailPoint } from "../protocol.ts";
import type { CardRow } from "./card.ts";

export type CardDecision =
  /** The card as it is now; `events` tell what was new about it, none for a repetition. */
  | { readonly status: "ok"; readonly card: CardRow; readonly events: readonly CardEvent[] }
  | { readonly status: "already_used"; readonly card: CardRow }
  | { readonly status: "not_found" | "not_revealed" | "not_redeemed" | "already_redeemed" | "expired" | "voided" }
  /** It would be something new, and the outbox has no room for that. */
  | { readonly status: "overloaded" };

export interface Reveal {
  readonly type: "reveal";
  readonly lineUserId: string;
  readonly trail: readonly TrailPoint[] | null;
}

export interface Redeem {
  readonly type: "redeem";
  readonly lineUserId: string;
}

export interface Void {
  readonly type: "void";
  readonly reason: string;
}

export interface Use {
  readonly type: "use";
  readonly store: string;
  readonly till: string | null;
}

export type CardOrder = Reveal | Redeem | Void | Use;

export interface CardContext {
  readonly cardId: string;
  readonly nowMs: number;
  readonly rules: Pick<CampaignRules, "autoRedeem" | "returnStock">;
  readonly kindOf: (prize: string) => PrizeKind;
}

/** Moves one card forward. To a player a card of somebody else does not exist; a repetition answers what is. */
export function decideCard(card: CardRow | undefined, order: CardOrder, context: CardContext): CardDecision {
  if (card === undefined) return { status: "not_found" };
  switch (order.type) {
    case "reveal":
    case "redeem":
      return decideForPlayer(card, order, context);
    case "void":
      return decideVoid(card, order, context);
    case "use":
      return decideUse(card, order, context);
  }
}

/** Ends a card whose time to be redeemed is over; null for any other. */
export function expireCard(card: CardRow, { nowMs, cardId, rules }: CardContext): { card: CardRow; event: CardEvent } | null {
  if (!isOverdue(card, nowMs)) return null;
  const returned = rules.returnStock.onExpiry && card.segment !== null;
  const expired: CardRow = { ...card, state: "expired", version: card.version + 1, endedAtMs: nowMs, returned };
  return { card: expired, event: { ...eventOf(expired, cardId, nowMs), type: "expired", returned } };
}

function isOverdue({ state, expiresAtMs }: CardRow, nowMs: number): boolean {
  return (state === "issued" || state === "revealed") && expiresAtMs !== null && expiresAtMs <= nowMs;
}

function decideForPlayer(card: CardRow, order: Reveal | Redeem, context: CardContext): CardDecision {
  if (card.lineUserId !== null && card.lineUserId !== order.lineUserId) return { status: "not_found" };
  switch (card.state) {
    case "voided":
    case "expired":
      return { status: card.state };
    case "redeemed":
    case "used":
      return { status: "ok", card, events: [] };
    case "issued":
    case "revealed":
      if (isOverdue(card, context.nowMs)) return { status: "expired" };
      return order.type === "reveal" ? reveal(card, order, context) : redeem(card, context);
  }
}

function reveal(card: CardRow, { lineUserId, trail }: Reveal, context: CardContext): CardDecision {
  if (card.state === "revealed") return { status: "ok", card, events: [] };
  const { nowMs, cardId } = context;
  const revealed: CardRow = { ...card, lineUserId, state: "revealed", version: card.version + 1, revealedAtMs: nowMs };
  const told = trail === null ? {} : { trail };
  const event: CardEvent = { ...eventOf(revealed, cardId, nowMs), type: "revealed", user: lineUserId, ...told };
  if (!context.rules.autoRedeem) return { status: "ok", card: revealed, events: [event] };
  const redeemed = redeem(revealed, context);
  return redeemed.status === "ok" ? { ...redeemed, events: [event, ...redeemed.events] } : redeemed;
}

function redeem(card: CardRow, { nowMs, cardId, kindOf }: CardContext): CardDecision {
  if (card.state !== "revealed" || card.lineUserId === null) return { status: "not_revealed" };
  const redeemed: CardRow = { ...card, state: "redeemed", version: card.version + 1, redeemedAtMs: nowMs };
  const event: CardEvent = {
    ...eventOf(redeemed, cardId, nowMs),
    type: "redeemed",
    user: card.lineUserId,
    kind: kindOf(card.prize),
    ...(card.recipient === null ? {} : { recipient: card.recipient }),
    ...(card.code === null ? {} : { code: card.code }),
  };
  return { status: "ok", card: redeemed, events: [event] };
}

function decideVoid(card: CardRow, { reason }: Void, { nowMs, cardId, rules }: CardContext): CardDecision {
  switch (card.state) {
    case "voided":
      return { status: "ok", card, events: [] };
    case "expired":
      return { status: "expired" };
    case "redeemed":
    case "used":
      return { status: "already_redeemed" };
    case "issued":
    case "revealed": {
      if (isOverdue(card, nowMs)) return { status: "expired" };
      const returned = rules.returnStock.onVoid && card.segment !== null;
      const voided: CardRow = { ...card, state: "voided", version: card.version + 1, endedAtMs: nowMs, returned };
      return { status: "ok", card: voided, events: [{ ...eventOf(voided, cardId, nowMs), type: "voided", reason, returned }] };
    }
  }
}

/** Only a coupon can be used. What a card holds is not told before it was revealed, not even whether it is a coupon. */
function decideUse(card: CardRow, { store, till }: Use, { nowMs, cardId, kindOf }: CardContext): CardDecision {
  switch (card.state) {
    case "issued":
    case "revealed":
      return { status: isOverdue(card, nowMs) ? "expired" : "not_redeemed" };
    case "voided":
    case "expired":
      return { status: card.state };
    case "used":
      return { status: "already_used", card };
    case "redeemed": {
      if (kindOf(card.prize) !== "coupon") return { status: "not_found" };
      const used: CardRow = { ...card, state: "used", version: card.version + 1, usedAtMs: nowMs, store };
      const told = till === null ? {} : { till };
      return { status: "ok", card: used, events: [{ ...eventOf(used, cardId, nowMs), type: "used", store, ...told }] };
    }
  }
}

function eventOf({ version, prize }: CardRow, cardId: string, at: number): Pick<CardEvent, "at" | "card" | "version" | "prize"> {
  return { at, card: cardId, version, prize };
}
