import type { CardEvent, PrizeKind, TrailPoint } from "../protocol.ts";
import type { CardRow } from "./card.ts";

export type CardDecision =
  /** The card as it is now; `events` tell what was new about it, none for a repetition. */
  | { readonly status: "ok"; readonly card: CardRow; readonly events: readonly CardEvent[] }
  | { readonly status: "not_found" | "not_revealed" | "expired" | "voided" };

export interface Reveal {
  readonly type: "reveal";
  readonly lineUserId: string;
  readonly trail: readonly TrailPoint[] | null;
}

export interface Redeem {
  readonly type: "redeem";
  readonly lineUserId: string;
}

export interface CardContext {
  readonly cardId: string;
  readonly nowMs: number;
  readonly autoRedeem: boolean;
  readonly kindOf: (prize: string) => PrizeKind;
}

/** Moves one card forward. A card of somebody else does not exist; a repetition answers what is. */
export function decideCard(card: CardRow | undefined, command: Reveal | Redeem, context: CardContext): CardDecision {
  if (card === undefined) return { status: "not_found" };
  if (card.lineUserId !== null && card.lineUserId !== command.lineUserId) return { status: "not_found" };
  switch (card.state) {
    case "voided":
    case "expired":
      return { status: card.state };
    case "redeemed":
    case "used":
      return { status: "ok", card, events: [] };
    case "issued":
    case "revealed":
      if (card.expiresAtMs !== null && card.expiresAtMs <= context.nowMs) return { status: "expired" };
      return command.type === "reveal" ? reveal(card, command, context) : redeem(card, context);
  }
}

function reveal(card: CardRow, { lineUserId, trail }: Reveal, context: CardContext): CardDecision {
  if (card.state === "revealed") return { status: "ok", card, events: [] };
  const { nowMs, cardId } = context;
  const revealed: CardRow = { ...card, lineUserId, state: "revealed", version: card.version + 1, revealedAtMs: nowMs };
  const event: CardEvent = {
    type: "revealed",
    at: nowMs,
    card: cardId,
    version: revealed.version,
    prize: card.prize,
    user: lineUserId,
    ...(trail === null ? {} : { trail }),
  };
  if (!context.autoRedeem) return { status: "ok", card: revealed, events: [event] };
  const redeemed = redeem(revealed, context);
  return redeemed.status === "ok" ? { ...redeemed, events: [event, ...redeemed.events] } : redeemed;
}

function redeem(card: CardRow, { nowMs, cardId, kindOf }: CardContext): CardDecision {
  if (card.state !== "revealed" || card.lineUserId === null) return { status: "not_revealed" };
  const redeemed: CardRow = { ...card, state: "redeemed", version: card.version + 1, redeemedAtMs: nowMs };
  const event: CardEvent = {
    type: "redeemed",
    at: nowMs,
    card: cardId,
    version: redeemed.version,
    prize: card.prize,
    user: card.lineUserId,
    kind: kindOf(card.prize),
    ...(card.recipient === null ? {} : { recipient: card.recipient }),
    ...(card.code === null ? {} : { code: card.code }),
  };
  return { status: "ok", card: redeemed, events: [event] };
}
