import type { HeldCard } from "../../../durable-objects/protocol.ts";
import type { LedgerCard } from "../queries.ts";

/** What of a card both its issuer and the ledger hold: `reason` and `till` are told by events alone, and the campaign and shard by where it is. */
export type ComparedCard = Omit<LedgerCard, "reason" | "till">;

/** A held card as the ledger has it once its events up to `version` have settled. */
export function expectedCard(campaign: string, shard: number, card: HeldCard, version: number): ComparedCard {
  const revealed = card.revealedAtMs !== null && version >= 2;
  const redeemed = card.redeemedAtMs !== null && version >= 3;
  const used = card.usedAtMs !== null && version >= 4;
  const ended = card.endedAtMs !== null && version >= card.version;
  return {
    card: card.cardId,
    campaign,
    shard,
    version,
    state: ended || version >= card.version ? card.state : redeemed ? "redeemed" : revealed ? "revealed" : "issued",
    prize: card.prize,
    request: card.requestId,
    recipient: card.recipient,
    lineUser: revealed ? card.lineUserId : card.drawnFor,
    metadata: card.metadata,
    segment: card.place?.segment ?? null,
    position: card.place?.position ?? null,
    code: redeemed ? card.code : null,
    issuedAt: card.issuedAtMs,
    expiresAt: card.expiresAtMs,
    revealedAt: revealed ? card.revealedAtMs : null,
    redeemedAt: redeemed ? card.redeemedAtMs : null,
    usedAt: used ? card.usedAtMs : null,
    endedAt: ended ? card.endedAtMs : null,
    store: used ? card.store : null,
    returned: ended ? (card.returned ? 1 : 0) : null,
  };
}
