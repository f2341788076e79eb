import type { CardRow } from "../card.ts";
import { drawKey } from "../draw.ts";
import type { DrawnBefore, RecipientCount } from "../draw.ts";
import { CARD_COLUMNS, drawnAs, drawnOf, toCard } from "./card-record.ts";
import type { CardRecord } from "./card-record.ts";
import { jsonChunks } from "./json-chunks.ts";

/** A statement takes a hundred values: those that all rows share, and one of each row's own. */
const MAX_ROWS_PER_INSERT = 97;

/** The cards, and what their draws asked. */
export class CardStorage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  nextSeq(): number {
    return this.#sql.exec<{ next: number }>("SELECT coalesce(max(seq), 0) + 1 AS next FROM cards").one().next;
  }

  find(seqs: readonly number[]): Map<number, CardRow> {
    const cards = new Map<number, CardRow>();
    const rows = this.#sql.exec<CardRecord>(
      `SELECT ${CARD_COLUMNS} FROM cards WHERE seq IN (SELECT value FROM json_each(?))`,
      JSON.stringify(seqs),
    );
    for (const row of rows) cards.set(row.seq, toCard(row));
    return cards;
  }

  /** The next cards after card `seq`, in the order of their issue. */
  page(seq: number, limit: number): CardRow[] {
    return this.#sql
      .exec<CardRecord>(`SELECT ${CARD_COLUMNS} FROM cards WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit)
      .toArray()
      .map(toCard);
  }

  /** Cards `firstSeq` to `lastSeq` as they were issued. */
  issuedFrom(firstSeq: number, lastSeq: number): CardRow[] {
    return this.#sql
      .exec<CardRecord>(`SELECT ${CARD_COLUMNS} FROM cards WHERE seq BETWEEN ? AND ? ORDER BY seq`, firstSeq, lastSeq)
      .toArray()
      .map((row) => toCard({ ...row, state: "issued", version: 1, line_user: null }));
  }

  /** What the draws of these cards asked, by `drawKey`. */
  drawnBefore(seqs: readonly number[]): Map<string, DrawnBefore> {
    const drawn = new Map<string, DrawnBefore>();
    for (const { json } of jsonChunks(seqs)) {
      const rows = this.#sql.exec<Pick<CardRecord, "seq" | "drawn" | "expires_at">>(
        "SELECT seq, drawn, expires_at FROM cards WHERE seq IN (SELECT value FROM json_each(?))",
        json,
      );
      for (const row of rows) {
        const { requestId, recipient, drawnFor, metadata } = drawnOf(row);
        drawn.set(drawKey({ requestId, recipient }), { seq: row.seq, drawnFor, metadata, expiresAtMs: row.expires_at });
      }
    }
    return drawn;
  }

  /** How many of these cards each recipient has, in all and since `dayStartMs`; voided ones do not count. */
  recipientCounts(seqs: readonly number[], dayStartMs: number): Map<string, RecipientCount> {
    const counts = new Map<string, RecipientCount>();
    for (const { json } of jsonChunks(seqs)) {
      const rows = this.#sql.exec<{ recipient: string; total: number; today: number }>(
        `SELECT recipient, count(*) AS total, sum(issued_at >= ?) AS today FROM cards
         WHERE seq IN (SELECT value FROM json_each(?)) AND recipient IS NOT NULL AND state <> 'voided' GROUP BY recipient`,
        dayStartMs,
        json,
      );
      for (const { recipient, total, today } of rows) {
        const before = counts.get(recipient);
        counts.set(recipient, { total: total + (before?.total ?? 0), today: today + (before?.today ?? 0) });
      }
    }
    return counts;
  }

  /** Stores cards that were issued together: at one moment, numbered without gaps. */
  insertCards(cards: readonly CardRow[]): void {
    const [first] = cards;
    if (first === undefined) return;
    for (let from = 0; from < cards.length; from += MAX_ROWS_PER_INSERT) {
      const drawn = cards.slice(from, from + MAX_ROWS_PER_INSERT).map(drawnAs);
      this.#sql.exec(insertStatement(drawn.length), first.seq + from, first.issuedAtMs, first.expiresAtMs, ...drawn);
    }
  }

  /** Stores what a card's life may change: owner, state, times. */
  updateCards(cards: readonly CardRow[]): void {
    const rows = cards.map((c) => [
      c.seq,
      c.lineUserId,
      c.state,
      c.version,
      c.revealedAtMs,
      c.redeemedAtMs,
      c.usedAtMs,
      c.endedAtMs,
      c.store,
      c.returned ? 1 : 0,
    ]);
    for (const { json } of jsonChunks(rows)) {
      this.#sql.exec(
        `UPDATE cards SET line_user = new.line_user, state = new.state, version = new.version,
           revealed_at = new.revealed_at, redeemed_at = new.redeemed_at, used_at = new.used_at,
           ended_at = new.ended_at, store = new.store, returned = new.returned
         FROM (SELECT value->>0 AS seq, value->>1 AS line_user, value->>2 AS state, value->>3 AS version,
                 value->>4 AS revealed_at, value->>5 AS redeemed_at, value->>6 AS used_at,
                 value->>7 AS ended_at, value->>8 AS store, value->>9 AS returned FROM json_each(?)) AS new
         WHERE cards.seq = new.seq`,
        json,
      );
    }
  }
}

/** Of so many rows. It is the same text each time, so that it is compiled once. */
function insertStatement(rows: number): string {
  return (INSERTS[rows] ??= `INSERT INTO cards (seq, issued_at, expires_at, drawn, state, version) VALUES ${Array.from(
    { length: rows },
    (_, n) => `(?1 + ${n}, ?2, ?3, ?${n + 4}, 'issued', 1)`,
  ).join(", ")}`);
}
const INSERTS: string[] = [];
