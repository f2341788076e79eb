import type { CardRow } from "../card.ts";
import { CARD_COLUMNS, toCard } from "./card-record.ts";
import type { CardRecord } from "./card-record.ts";

/** Cards that were issued under one rule of expiry: from `firstSeq` to before `endSeq`, those up to `sweptSeq` looked at. */
export interface SweepRange {
  readonly firstSeq: number;
  readonly sweptSeq: number;
  readonly endSeq: number | null;
}

/** How far the cards have been looked at for their expiry. */
export class SweepStorage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Cards from `firstSeq` on are issued under another rule of expiry. */
  begin(firstSeq: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO sweeps (first_seq, swept_seq) VALUES (?1, ?1 - 1)", firstSeq);
  }

  ranges(): SweepRange[] {
    return this.#sql
      .exec<{ first_seq: number; swept_seq: number; end_seq: number | null }>(
        "SELECT first_seq, swept_seq, lead(first_seq) OVER (ORDER BY first_seq) AS end_seq FROM sweeps ORDER BY first_seq",
      )
      .toArray()
      .map(({ first_seq, swept_seq, end_seq }) => ({ firstSeq: first_seq, sweptSeq: swept_seq, endSeq: end_seq }));
  }

  /** The next cards of a range that may have to expire, in the order of their issue. */
  cards({ sweptSeq, endSeq }: SweepRange, limit: number): CardRow[] {
    return this.#sql
      .exec<CardRecord>(
        `SELECT ${CARD_COLUMNS} FROM cards WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?`,
        sweptSeq,
        endSeq ?? Infinity,
        limit,
      )
      .toArray()
      .map(toCard);
  }

  mark({ firstSeq }: SweepRange, seq: number): void {
    this.#sql.exec("UPDATE sweeps SET swept_seq = ? WHERE first_seq = ?", seq, firstSeq);
  }

  /** Forgets a range whose cards have all been looked at. */
  drop({ firstSeq }: SweepRange): void {
    this.#sql.exec("DELETE FROM sweeps WHERE first_seq = ?", firstSeq);
  }
}
