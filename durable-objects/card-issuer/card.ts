import type { CardState, CardView, PrizeKind } from "../protocol.ts";

/** A card as its issuer stores it. */
export interface CardRow {
  readonly seq: number;
  readonly requestId: string;
  readonly recipient: string | null;
  /** LINE user that the draw named; part of the request's content. */
  readonly drawnFor: string | null;
  /** LINE user that the card belongs to: `drawnFor`, or whoever revealed it first. */
  readonly lineUserId: string | null;
  readonly metadata: string | null;
  readonly prize: string;
  /** Null for a fallback card. */
  readonly segment: string | null;
  readonly position: number | null;
  readonly code: string | null;
  readonly state: CardState;
  readonly version: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revealedAtMs: number | null;
  readonly redeemedAtMs: number | null;
  readonly usedAtMs: number | null;
  /** When it was voided or expired. */
  readonly endedAtMs: number | null;
  /** Where a coupon was used. */
  readonly store: string | null;
  /** Its place in the deck is stock again. */
  readonly returned: boolean;
}

export function viewCard(card: CardRow, cardId: string, kind: PrizeKind): CardView {
  const { requestId, recipient, lineUserId, metadata, state, prize, store, segment, position } = card;
  const { issuedAtMs, expiresAtMs, revealedAtMs, redeemedAtMs, usedAtMs, endedAtMs } = card;
  const code = state === "redeemed" || state === "used" ? card.code : null;
  const place = segment === null || position === null ? null : { segment, position };
  const times = { issuedAtMs, expiresAtMs, revealedAtMs, redeemedAtMs, usedAtMs, endedAtMs };
  return { cardId, requestId, recipient, lineUserId, metadata, state, prize, kind, place, code, store, ...times };
}
