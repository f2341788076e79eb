import type { FoundCard, HeldCard } from "../../../durable-objects/protocol.ts";
import type { LedgerCard } from "../queries.ts";

/** What of a card both its issuer and the ledger hold: `reason` and `till` are told by events alone, and the campaign and shard by where it is. */
export type ComparedCard = Omit<LedgerCard, "reason" | "till">;

/** A held card as the ledger has it once its events up to `version` have settled. */
export function expectedCard(campaign: string, shard: number, card: HeldCard, version: number): ComparedCard {
  return { ...cardOf(campaign, shard, card, (one) => one <= version), version };
}

/** An issuer's card as the ledger has it of those of its events that are `in`; its version is the highest of theirs, 0 where there is none. */
export function cardOf(campaign: string, shard: number, card: FoundCard, isIn: (version: number) => boolean): ComparedCard {
  const issued = isIn(1);
  const revealed = card.revealedAtMs !== null && isIn(2);
  const redeemed = card.redeemedAtMs !== null && isIn(3);
  const used = card.usedAtMs !== null && isIn(4);
  const ended = card.endedAtMs !== null && isIn(card.version);
  const version = Math.max(0, ...[issued && 1, revealed && 2, redeemed && 3, used && 4, ended && card.version].map(Number));
  return {
    card: card.cardId,
    campaign,
    shard,
    version,
    state: ended ? card.state : used ? "used" : redeemed ? "redeemed" : revealed ? "revealed" : "issued",
    prize: card.prize,
    request: issued ? card.requestId : null,
    recipient: issued ? card.recipient : null,
    lineUser: revealed || redeemed ? card.lineUserId : issued ? card.drawnFor : null,
    metadata: issued ? card.metadata : null,
    segment: issued ? (card.place?.segment ?? null) : null,
    position: issued ? (card.place?.position ?? null) : null,
    code: redeemed ? card.code : null,
    issuedAt: issued ? card.issuedAtMs : null,
    expiresAt: issued ? card.expiresAtMs : null,
    revealedAt: revealed ? card.revealedAtMs : null,
    redeemedAt: redeemed ? card.redeemedAtMs : null,
    usedAt: used ? card.usedAtMs : null,
    endedAt: ended ? card.endedAtMs : null,
    store: used ? card.store : null,
    returned: ended ? (card.returned ? 1 : 0) : null,
  };
}
