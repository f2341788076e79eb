import type { CardState } from "../../protocol.ts";
import type { CardRow } from "../card.ts";

/** A row of `cards`. */
export interface CardRecord extends Record<string, SqlStorageValue> {
  seq: number;
  request: string;
  recipient: string | null;
  drawn_for: string | null;
  line_user: string | null;
  metadata: string | null;
  prize: string;
  segment: string | null;
  position: number | null;
  code: string | null;
  state: CardState;
  version: number;
  issued_at: number;
  expires_at: number | null;
  revealed_at: number | null;
  redeemed_at: number | null;
  used_at: number | null;
  ended_at: number | null;
  store: string | null;
  returned: number;
}

export function toCard(row: CardRecord): CardRow {
  return {
    seq: row.seq,
    requestId: row.request,
    recipient: row.recipient,
    drawnFor: row.drawn_for,
    lineUserId: row.line_user,
    metadata: row.metadata,
    prize: row.prize,
    segment: row.segment,
    position: row.position,
    code: row.code,
    state: row.state,
    version: row.version,
    issuedAtMs: row.issued_at,
    expiresAtMs: row.expires_at,
    revealedAtMs: row.revealed_at,
    redeemedAtMs: row.redeemed_at,
    usedAtMs: row.used_at,
    endedAtMs: row.ended_at,
    store: row.store,
    returned: row.returned === 1,
  };
}
