import { hashBlock } from "../../block.ts";
import type { ShardAddress } from "../../protocol.ts";
import type { KeptBlock } from "../drain.ts";
import { cutBlocks } from "../outbox.ts";
import type { OutboxRow } from "../outbox.ts";

/** What the ledger is to be told: events that wait for a block, and blocks that wait for their confirmation. */
export class OutboxStorage {
  readonly #sql: SqlStorage;
  /** Last row of `pending` that waits for the next block; null: to be looked up. */
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
    let row =
      this.#lastPending ??
      this.#sql
        .exec<{ last: number }>("SELECT coalesce(max(row), 0) AS last FROM pending WHERE block > (SELECT last_block FROM issuer)")
        .one().last;
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

  /**
   * Cuts what waits into numbered, chained blocks: the events kept, and `issued`, those of the cards after `sealedSeq` up to `lastSeq`.
   * Returns the number of the last block.
   */
  seal(issued: readonly OutboxRow[], lastSeq: number, nowMs: number): number {
    const chain = this.#sql.exec<{ last_block: number; last_hash: string }>("SELECT last_block, last_hash FROM issuer").toArray()[0];
    if (chain === undefined) return 0;
    const pending = this.#sql
      .exec<{ events: number; bytes: number; body: string }>(
        "SELECT events, bytes, body FROM pending WHERE block > ? ORDER BY row",
        chain.last_block,
      )
      .toArray();
    const rows = [...issued, ...pending];
    if (rows.length === 0) return chain.last_block;
    let { last_block: block, last_hash: prev } = chain;
    for (const { firstRow, lastRow, events } of cutBlocks(rows.map((row, i) => ({ ...row, row: i })))) {
      const body = rows
        .slice(firstRow, lastRow + 1)
        .map((row) => row.body)
        .join("");
      const hash = hashBlock(prev, body);
      block += 1;
      this.#sql.exec("INSERT INTO bodies (block, body) VALUES (?, ?)", block, body);
      this.#sql.exec(
        "INSERT INTO blocks (block, events, prev, hash, attempts, send_at) VALUES (?, ?, ?, ?, 0, ?)",
        block,
        events,
        prev,
        hash,
        nowMs,
      );
      prev = hash;
    }
    this.#lastPending = null;
    this.#unsettledBlocks = null;
    this.#sql.exec("UPDATE issuer SET last_block = ?, last_hash = ?, sealed_seq = ?", block, prev, lastSeq);
    return block;
  }

  /** Numbers of the blocks whose time to be sent has come, oldest first. */
  dueBlocks(nowMs: number, limit: number): number[] {
    return this.#sql
      .exec<{ block: number }>("SELECT block FROM blocks WHERE send_at <= ? ORDER BY block LIMIT ?", nowMs, limit)
      .toArray()
      .map(({ block }) => block);
  }

  /** Those of the blocks that are still to be sent: not confirmed, nor sent by another drain meanwhile. */
  loadDue(address: ShardAddress, blocks: readonly number[], nowMs: number): KeptBlock[] {
    const rows = this.#sql
      .exec<{ block: number; body: string; events: number; prev: string; hash: string; attempts: number }>(
        `SELECT block, body, events, prev, hash, attempts FROM blocks JOIN bodies USING (block)
         WHERE block IN (SELECT value FROM json_each(?)) AND send_at <= ? ORDER BY block`,
        JSON.stringify(blocks),
        nowMs,
      )
      .toArray();
    return rows.map(({ block, body, events, prev, hash, attempts }) => ({
      header: { campaign: address.campaign, shard: address.shard, block, prev, hash, events },
      body,
      attempts,
    }));
  }

  markSent(block: number, attempts: number, sendAtMs: number): void {
    this.#sql.exec("UPDATE blocks SET attempts = ?, send_at = ? WHERE block = ?", attempts, sendAtMs, block);
  }

  /** When the next block is due, null when all are acknowledged. Events in no block are due at `sealAtMs`. */
  nextDueMs(sealAtMs: number): number | null {
    const { due, waiting } = this.#sql
      .exec<{ due: number | null; waiting: number }>(
        `SELECT (SELECT min(send_at) FROM blocks) AS due,
           EXISTS (SELECT 1 FROM pending, issuer WHERE block > last_block) OR EXISTS (SELECT 1 FROM cards, issuer WHERE seq > sealed_seq) AS waiting`,
      )
      .one();
    if (waiting === 0) return due;
    return due === null ? sealAtMs : Math.min(due, sealAtMs);
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

  bodies(blocks: readonly number[]): { readonly block: number; readonly body: string }[] {
    return this.#sql
      .exec<{ block: number; body: string }>(
        "SELECT block, body FROM bodies WHERE block IN (SELECT value FROM json_each(?))",
        JSON.stringify(blocks),
      )
      .toArray();
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
