import type { CardState } from "../../protocol.ts";
import type { CardRow } from "../card.ts";

/** A row of `cards`, as far as it is read. What the draw asked and got never changes, and is one value. */
export interface CardRecord extends Record<string, SqlStorageValue> {
  seq: number;
  /** A JSON array, as `drawnAs` makes it. */
  drawn: string;
  /** Null until somebody else than the draw named has revealed the card. */
  line_user: string | null;
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

export const CARD_COLUMNS =
  "seq, drawn, line_user, state, version, issued_at, expires_at, revealed_at, redeemed_at, used_at, ended_at, store, returned";

export type Drawn = Pick<CardRow, "requestId" | "recipient" | "drawnFor" | "metadata" | "prize" | "segment" | "position" | "code">;
type DrawnArray = [
  Drawn["requestId"],
  Drawn["recipient"],
  Drawn["drawnFor"],
  Drawn["metadata"],
  string,
  string | null,
  number | null,
  string | null,
];

/** What the draw asked and got, as it is stored; the table's generated columns read it by place. */
export function drawnAs({ requestId, recipient, drawnFor, metadata, prize, segment, position, code }: Drawn): string {
  return JSON.stringify([requestId, recipient, drawnFor, metadata, prize, segment, position, code] satisfies DrawnArray);
}

export function drawnOf({ drawn }: Pick<CardRecord, "drawn">): Drawn {
  const [requestId, recipient, drawnFor, metadata, prize, segment, position, code] = JSON.parse(drawn) as DrawnArray;
  return { requestId, recipient, drawnFor, metadata, prize, segment, position, code };
}

export function toCard(row: CardRecord): CardRow {
  const drawn = drawnOf(row);
  return {
    seq: row.seq,
    ...drawn,
    lineUserId: row.line_user ?? drawn.drawnFor,
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
