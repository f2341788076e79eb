import { hashBlock } from "../../block.ts";
import { cutBlocks } from "../outbox.ts";
import type { OutboxRow } from "../outbox.ts";

/** What stands in a block: first the issues of cards, numbered without gaps, which are not stored beside the cards; then other events, as they were kept. */
export interface BlockContent {
  readonly block: number;
  /** Null where it has no issues, and where its body has them, as it had when this was not kept. */
  readonly issued: { readonly firstSeq: number; readonly lastSeq: number } | null;
  /** Lines of NDJSON. */
  readonly others: string;
}

/** A block that the ledger has not confirmed. */
export interface StoredBlock extends BlockContent {
  readonly prev: string;
  readonly hash: string;
  readonly events: number;
  readonly attempts: number;
}

export interface SealedBlock {
  readonly block: number;
  readonly body: string;
}

interface ContentRow extends Record<string, SqlStorageValue> {
  block: number;
  first_seq: number | null;
  last_seq: number | null;
  body: string | null;
}

/** What the ledger is to be told: events that wait for a block, and blocks that wait for their confirmation. */
export class OutboxStorage {
  readonly #sql: SqlStorage;
  /** Last row of `pending` that waits for the next block, 0 where none does; null: to be looked up. */
  #lastPending: number | null = null;
  /** Null: to be counted. */
  #unsettledBlocks: number | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Keeps events until they are in a block. A row that is in one already is written over: deleting it would cost as much as writing it.
   * The events of issues are not here: a card's row is its event.
   */
  add(rows: readonly OutboxRow[]): void {
    let row = this.#lastWaiting();
    for (const { events, bytes, body } of rows) {
      row += 1;
      this.#sql.exec(
        "INSERT OR REPLACE INTO pending (row, block, events, bytes, body) VALUES (?, (SELECT last_block + 1 FROM issuer), ?, ?, ?)",
        row,
        events,
        bytes,
        body,
      );
    }
    this.#lastPending = row;
  }

  /** Whether events that are kept here are in no block. */
  get isWaiting(): boolean {
    return this.#lastWaiting() > 0;
  }

  #lastWaiting(): number {
    return (this.#lastPending ??= this.#sql
      .exec<{ last: number }>("SELECT coalesce(max(row), 0) AS last FROM pending WHERE block > (SELECT last_block FROM issuer)")
      .one().last);
  }

  /** Cuts what waits into numbered, chained blocks: `issued`, the issues of the last cards up to `lastSeq`, and the events kept. */
  seal(issued: readonly OutboxRow[], lastSeq: number, nowMs: number): SealedBlock[] {
    const chain = this.#sql.exec<{ last_block: number; last_hash: string }>("SELECT last_block, last_hash FROM issuer").toArray()[0];
    if (chain === undefined) return [];
    const pending = this.#sql
      .exec<{ events: number; bytes: number; body: string }>(
        "SELECT events, bytes, body FROM pending WHERE block > ? ORDER BY row",
        chain.last_block,
      )
      .toArray();
    const rows = [...issued, ...pending];
    if (rows.length === 0) return [];
    this.#lastPending = null;
    const sealed: SealedBlock[] = [];
    let { last_block: block, last_hash: prev } = chain;
    let nextSeq = lastSeq + 1 - countEvents(issued);
    for (const { firstRow, lastRow, events } of cutBlocks(rows.map((row, i) => ({ ...row, row: i })))) {
      const split = Math.max(firstRow, Math.min(lastRow + 1, issued.length));
      const [issues, others] = [rows.slice(firstRow, split), rows.slice(split, lastRow + 1)];
      const body = joinBodies([...issues, ...others]);
      const hash = hashBlock(prev, body);
      const [firstSeq, cards] = [nextSeq, countEvents(issues)];
      block += 1;
      nextSeq += cards;
      if (others.length > 0) this.#sql.exec("INSERT INTO bodies (block, body) VALUES (?, ?)", block, joinBodies(others));
      this.#sql.exec(
        "INSERT INTO blocks (block, events, prev, hash, attempts, send_at, first_seq, last_seq) VALUES (?, ?, ?, ?, 0, ?, ?, ?)",
        block,
        events,
        prev,
        hash,
        nowMs,
        cards === 0 ? null : firstSeq,
        cards === 0 ? null : nextSeq - 1,
      );
      sealed.push({ block, body });
      prev = hash;
    }
    this.#lastPending = 0;
    this.#unsettledBlocks = null;
    this.#sql.exec("UPDATE issuer SET last_block = ?, last_hash = ?, sealed_seq = ?", block, prev, lastSeq);
    return sealed;
  }

  /** Numbers of the blocks whose time to be sent has come, oldest first. */
  dueBlocks(nowMs: number, limit: number): number[] {
    return this.#sql
      .exec<{ block: number }>("SELECT block FROM blocks WHERE send_at <= ? ORDER BY block LIMIT ?", nowMs, limit)
      .toArray()
      .map(({ block }) => block);
  }

  /** Those of the blocks that are still to be sent: not confirmed, nor sent by another drain meanwhile. */
  loadDue(blocks: readonly number[], nowMs: number): StoredBlock[] {
    return this.#sql
      .exec<ContentRow & { prev: string; hash: string; events: number; attempts: number }>(
        `SELECT block, first_seq, last_seq, body, prev, hash, events, attempts FROM blocks LEFT JOIN bodies USING (block)
         WHERE block IN (SELECT value FROM json_each(?)) AND send_at <= ? ORDER BY block`,
        JSON.stringify(blocks),
        nowMs,
      )
      .toArray()
      .map((row) => ({ ...contentOf(row), prev: row.prev, hash: row.hash, events: row.events, attempts: row.attempts }));
  }

  markSent(block: number, attempts: number, sendAtMs: number): void {
    this.#sql.exec("UPDATE blocks SET attempts = ?, send_at = ? WHERE block = ?", attempts, sendAtMs, block);
  }

  /** When the next block is due, null when all are acknowledged. */
  nextDueMs(): number | null {
    return this.#sql.exec<{ due: number | null }>("SELECT min(send_at) AS due FROM blocks").one().due;
  }

  /** Makes blocks due now; gives those that there are. */
  sendNow(blocks: readonly number[], nowMs: number): number[] {
    return this.#sql
      .exec<{ block: number }>(
        "UPDATE blocks SET send_at = ? WHERE block IN (SELECT value FROM json_each(?)) RETURNING block",
        nowMs,
        JSON.stringify(blocks),
      )
      .toArray()
      .map(({ block }) => block);
  }

  /** Makes the oldest of the blocks that were sent `attempts` times in vain due now, as if they had never been sent; tells whether there were any. */
  sendStale(attempts: number, limit: number, nowMs: number): boolean {
    const stale = this.#sql.exec(
      `UPDATE blocks SET attempts = 0, send_at = ?1
       WHERE block IN (SELECT block FROM blocks WHERE attempts >= ?3 AND send_at > ?1 ORDER BY block LIMIT ?2) RETURNING block`,
      nowMs,
      limit,
      attempts,
    );
    return stale.toArray().length > 0;
  }

  /** How many blocks the ledger has not confirmed. */
  unsettledBlocks(): number {
    this.#unsettledBlocks ??= this.#sql.exec<{ blocks: number }>("SELECT count(*) AS blocks FROM blocks").one().blocks;
    return this.#unsettledBlocks;
  }

  /** Numbers of the blocks that the ledger has not confirmed. */
  keptBlocks(): number[] {
    return this.#sql
      .exec<{ block: number }>("SELECT block FROM blocks ORDER BY block")
      .toArray()
      .map(({ block }) => block);
  }

  contents(blocks: readonly number[]): BlockContent[] {
    return this.#sql
      .exec<ContentRow>(
        "SELECT block, first_seq, last_seq, body FROM blocks LEFT JOIN bodies USING (block) WHERE block IN (SELECT value FROM json_each(?))",
        JSON.stringify(blocks),
      )
      .toArray()
      .map(contentOf);
  }

  /** The events kept that are in no block. */
  waiting(): string {
    return this.#sql
      .exec<{ body: string }>("SELECT body FROM pending, issuer WHERE block > last_block ORDER BY row")
      .toArray()
      .map(({ body }) => body)
      .join("");
  }

  /** Forgets blocks that the ledger has confirmed. */
  dropBlocks(blocks: readonly number[]): void {
    this.#unsettledBlocks = null;
    const json = JSON.stringify(blocks);
    this.#sql.exec("DELETE FROM bodies WHERE block IN (SELECT value FROM json_each(?))", json);
    this.#sql.exec("DELETE FROM blocks WHERE block IN (SELECT value FROM json_each(?))", json);
  }
}

function contentOf({ block, first_seq: firstSeq, last_seq: lastSeq, body }: ContentRow): BlockContent {
  return { block, issued: firstSeq === null || lastSeq === null ? null : { firstSeq, lastSeq }, others: body ?? "" };
}

function countEvents(rows: readonly OutboxRow[]): number {
  return rows.reduce((sum, { events }) => sum + events, 0);
}

function joinBodies(rows: readonly OutboxRow[]): string {
  return rows.map(({ body }) => body).join("");
}
