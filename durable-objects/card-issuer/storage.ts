import { GENESIS_HASH, hashBlock } from "../block.ts";
import { migrate } from "../migrate.ts";
import type { CampaignRules, CardState, Giveback, Lease, ShardAddress, StockRun } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import type { IndexedCard } from "./card-index.ts";
import type { KeyUse } from "./card-ids.ts";
import { drawKey } from "./draw.ts";
import type { DrawnBefore, RecipientCount } from "./draw.ts";
import type { KeptBlock } from "./drain.ts";
import type { IndexPage, PageStart } from "./index-pages.ts";
import { cutBlocks } from "./outbox.ts";
import type { OutboxRow } from "./outbox.ts";
import type { HeldLease } from "./stock.ts";

/** JSON handed to one statement; a SQL value may have 2 MB. */
const MAX_STATEMENT_CHARS = 500_000;

const MIGRATIONS = [
  `
  CREATE TABLE issuer (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    campaign TEXT NOT NULL,
    shard INTEGER NOT NULL,
    rules TEXT,
    lease_request INTEGER NOT NULL,
    last_block INTEGER NOT NULL,
    last_hash TEXT NOT NULL,
    sealed_row INTEGER NOT NULL,
    giveback INTEGER NOT NULL,
    swept_seq INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE delivered (lease INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE givebacks (giveback INTEGER PRIMARY KEY, runs TEXT NOT NULL) STRICT;
  CREATE TABLE card_keys (first_seq INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL) STRICT;
  CREATE TABLE leases (
    lease INTEGER PRIMARY KEY,
    segment TEXT NOT NULL,
    start INTEGER NOT NULL,
    next INTEGER NOT NULL,
    prizes TEXT NOT NULL,
    ordinals BLOB NOT NULL,
    codes TEXT,
    closes_at INTEGER,
    first INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE cards (
    seq INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    recipient TEXT,
    drawn_for TEXT,
    line_user TEXT,
    metadata TEXT,
    prize TEXT NOT NULL,
    segment TEXT,
    position INTEGER,
    code TEXT,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER,
    revealed_at INTEGER,
    redeemed_at INTEGER,
    used_at INTEGER,
    ended_at INTEGER,
    store TEXT,
    returned INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX cards_request ON cards (request);
  CREATE INDEX cards_recipient ON cards (recipient, issued_at) WHERE recipient IS NOT NULL;
  CREATE TABLE outbox (row INTEGER PRIMARY KEY, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE blocks (
    block INTEGER PRIMARY KEY,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    events INTEGER NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    send_at INTEGER NOT NULL
  ) STRICT;
  `,
  // A card's row is its commit: the index, its event and its lease's progress follow from it.
  `
  DROP INDEX cards_request;
  DROP INDEX cards_recipient;
  CREATE TABLE index_pages (page INTEGER PRIMARY KEY, hash INTEGER NOT NULL, seq INTEGER NOT NULL, entries BLOB NOT NULL) STRICT;
  ALTER TABLE issuer ADD COLUMN indexed_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE issuer ADD COLUMN sealed_seq INTEGER NOT NULL DEFAULT 0;
  UPDATE issuer SET sealed_seq = (SELECT coalesce(max(seq), 0) FROM cards);
  ALTER TABLE leases ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 0;
  UPDATE leases SET first_seq = (SELECT coalesce(max(seq), 0) + 1 FROM cards);
  CREATE TABLE bodies (block INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  INSERT INTO bodies (block, body)
    SELECT block, (SELECT coalesce(group_concat(body, '' ORDER BY row), '') FROM outbox WHERE row BETWEEN first_row AND last_row) FROM blocks;
  CREATE TABLE pending (row INTEGER PRIMARY KEY, block INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  INSERT INTO pending (row, block, events, bytes, body)
    SELECT row, (SELECT last_block + 1 FROM issuer), events, bytes, body FROM outbox WHERE row > (SELECT sealed_row FROM issuer);
  DROP TABLE outbox;
  ALTER TABLE issuer DROP COLUMN sealed_row;
  ALTER TABLE blocks DROP COLUMN first_row;
  ALTER TABLE blocks DROP COLUMN last_row;
  `,
  // Cards that were issued under one rule of expiry expire in their order; those of another begin at a number of their own.
  `
  CREATE TABLE sweeps (first_seq INTEGER PRIMARY KEY, swept_seq INTEGER NOT NULL) STRICT;
  INSERT INTO sweeps (first_seq, swept_seq) SELECT 1, swept_seq FROM issuer;
  ALTER TABLE issuer DROP COLUMN swept_seq;
  `,
];

/** Cards that were issued under one rule of expiry: from `firstSeq` to before `endSeq`, those up to `sweptSeq` looked at. */
export interface SweepRange {
  readonly firstSeq: number;
  readonly sweptSeq: number;
  readonly endSeq: number | null;
}

export interface IssuerRecord extends ShardAddress {
  readonly rules: CampaignRules | null;
  /** Number of the next lease request. */
  readonly leaseRequest: number;
  readonly lastBlock: number;
  /** Events of cards up to this one's issue are in blocks. */
  readonly sealedSeq: number;
}

interface CardRecord extends Record<string, SqlStorageValue> {
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

interface LeaseRecord extends Record<string, SqlStorageValue> {
  lease: number;
  segment: string;
  start: number;
  next: number;
  prizes: string;
  ordinals: ArrayBuffer;
  codes: string | null;
  closes_at: number | null;
  first: number;
  used: number | null;
}

interface TallyRow extends Record<string, SqlStorageValue> {
  prize: string;
  fallback: number;
  returned: number;
  state: CardState;
  count: number;
}

/** The issuer's SQL, statement by statement; set-based, so that a flush costs a handful of statements whatever its size. */
export class IssuerStorage {
  readonly #sql: SqlStorage;
  /** Last row of `pending` that waits for the next block; null: to be looked up. */
  #lastPending: number | null = null;
  /** Null: to be counted. */
  #unsettledBlocks: number | null = null;

  constructor(storage: DurableObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#sql = storage.sql;
  }

  issuer(): IssuerRecord | null {
    const [row] = this.#sql
      .exec<{ campaign: string; shard: number; rules: string | null; lease_request: number; last_block: number; sealed_seq: number }>(
        "SELECT campaign, shard, rules, lease_request, last_block, sealed_seq FROM issuer",
      )
      .toArray();
    if (row === undefined) return null;
    const rules = row.rules === null ? null : (JSON.parse(row.rules) as CampaignRules);
    const { campaign, shard, lease_request, last_block, sealed_seq } = row;
    return { campaign, shard, rules, leaseRequest: lease_request, lastBlock: last_block, sealedSeq: sealed_seq };
  }

  adopt({ campaign, shard }: ShardAddress): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO issuer (id, campaign, shard, lease_request, last_block, last_hash, giveback)
       VALUES (0, ?, ?, 1, 0, ?, 0)`,
      campaign,
      shard,
      GENESIS_HASH,
    );
    this.beginSweep(1);
  }

  saveRules(rules: CampaignRules): void {
    this.#sql.exec("UPDATE issuer SET rules = ?", JSON.stringify(rules));
  }

  /** The leases held. How far one is used, its cards tell: of those issued since it came, the last of its run. */
  leases(): HeldLease[] {
    return this.#sql
      .exec<LeaseRecord>(
        `SELECT lease, segment, start, next, prizes, ordinals, codes, closes_at, first,
           (SELECT max(position) + 1 - start FROM cards
            WHERE cards.seq >= first_seq AND cards.segment = leases.segment AND position >= start AND position < start + length(ordinals) / 2) AS used
         FROM leases ORDER BY first DESC, lease`,
      )
      .toArray()
      .map(({ closes_at, first, used, ...row }) => ({
        ...row,
        next: Math.max(row.next, used ?? 0),
        closesAtMs: closes_at,
        first: first === 1,
        prizes: JSON.parse(row.prizes) as string[],
        ordinals: new Uint16Array(row.ordinals),
        codes: row.codes === null ? null : (JSON.parse(row.codes) as (string | null)[]),
      }));
  }

  /** Stores a lease and counts its request as answered, so that the next request asks for more. */
  addLease(lease: Lease): void {
    this.#insertLease(lease);
    this.#sql.exec("UPDATE issuer SET lease_request = lease_request + 1");
  }

  /** Stores a lease that nobody asked for, unless it was delivered before; tells whether it is new. */
  addDelivered(lease: Lease): boolean {
    const isNew = this.#sql.exec("INSERT OR IGNORE INTO delivered (lease) VALUES (?) RETURNING lease", lease.lease).toArray().length > 0;
    if (isNew) this.#insertLease(lease);
    return isNew;
  }

  #insertLease(lease: Lease): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO leases (lease, segment, start, next, prizes, ordinals, codes, closes_at, first, first_seq)
       VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, (SELECT coalesce(max(seq), 0) + 1 FROM cards))`,
      lease.lease,
      lease.segment,
      lease.start,
      JSON.stringify(lease.prizes),
      lease.ordinals.slice().buffer,
      lease.codes === null ? null : JSON.stringify(lease.codes),
      lease.closesAtMs,
      lease.first ? 1 : 0,
    );
  }

  dropLeases(): void {
    this.#sql.exec("DELETE FROM leases");
  }

  /** Keeps stock that goes back to the pool under the next number, until the pool has it. */
  giveBack(runs: readonly StockRun[]): void {
    const { giveback } = this.#sql.exec<{ giveback: number }>("UPDATE issuer SET giveback = giveback + 1 RETURNING giveback").one();
    const json = JSON.stringify(runs.map((run) => ({ ...run, ordinals: [...run.ordinals] })));
    this.#sql.exec("INSERT INTO givebacks (giveback, runs) VALUES (?, ?)", giveback, json);
  }

  givebacks(): Giveback[] {
    return this.#sql
      .exec<{ giveback: number; runs: string }>("SELECT giveback, runs FROM givebacks ORDER BY giveback")
      .toArray()
      .map(({ giveback, runs }) => {
        const stored = JSON.parse(runs) as (Omit<StockRun, "ordinals"> & { readonly ordinals: readonly number[] })[];
        return { giveback, runs: stored.map((run) => ({ ...run, ordinals: Uint16Array.from(run.ordinals) })) };
      });
  }

  dropGivebacks(taken: number): void {
    this.#sql.exec("DELETE FROM givebacks WHERE giveback <= ?", taken);
  }

  cardKeys(): KeyUse[] {
    return this.#sql
      .exec<{ first_seq: number; fingerprint: string }>("SELECT first_seq, fingerprint FROM card_keys ORDER BY first_seq")
      .toArray()
      .map(({ first_seq, fingerprint }) => ({ firstSeq: first_seq, fingerprint }));
  }

  useCardKey({ firstSeq, fingerprint }: KeyUse): void {
    this.#sql.exec("INSERT OR REPLACE INTO card_keys (first_seq, fingerprint) VALUES (?, ?)", firstSeq, fingerprint);
  }

  /** Forgets leases that hold no card any more. */
  dropEmptied(leases: readonly number[]): void {
    for (const lease of leases) this.#sql.exec("DELETE FROM leases WHERE lease = ?", lease);
  }

  nextSeq(): number {
    return this.#sql.exec<{ next: number }>("SELECT coalesce(max(seq), 0) + 1 AS next FROM cards").one().next;
  }

  indexedSeq(): number {
    return this.#sql.exec<{ indexed_seq: number }>("SELECT indexed_seq FROM issuer").toArray()[0]?.indexed_seq ?? 0;
  }

  markIndexed(seq: number): void {
    this.#sql.exec("UPDATE issuer SET indexed_seq = ?", seq);
  }

  /** Where the pages of the index begin, in order. */
  indexStarts(): PageStart[] {
    return this.#sql
      .exec<{ page: number; hash: number; seq: number }>("SELECT page, hash, seq FROM index_pages ORDER BY hash, seq")
      .toArray();
  }

  indexPages(pages: readonly number[]): Map<number, IndexPage> {
    const found = new Map<number, IndexPage>();
    if (pages.length === 0) return found;
    const rows = this.#sql.exec<{ page: number; entries: ArrayBuffer }>(
      "SELECT page, entries FROM index_pages WHERE page IN (SELECT value FROM json_each(?))",
      JSON.stringify(pages),
    );
    for (const { page, entries } of rows) found.set(page, new Float64Array(entries));
    return found;
  }

  /** Stores a page of the index, over an earlier one or, with null, as a new one. */
  saveIndexPage(page: number | null, entries: IndexPage): PageStart {
    const [hash = 0, seq = 0] = entries;
    const stored = this.#sql
      .exec<{ page: number }>(
        "INSERT OR REPLACE INTO index_pages (page, hash, seq, entries) VALUES (?, ?, ?, ?) RETURNING page",
        page,
        hash,
        seq,
        entries.buffer,
      )
      .one();
    return { page: stored.page, hash, seq };
  }

  /** What the index is to know of the cards after `seq`. */
  cardsAfter(seq: number, limit: number): IndexedCard[] {
    return this.#sql
      .exec<Pick<CardRecord, "seq" | "request" | "recipient">>(
        "SELECT seq, request, recipient FROM cards WHERE seq > ? ORDER BY seq LIMIT ?",
        seq,
        limit,
      )
      .toArray()
      .map(({ request, ...card }) => ({ ...card, requestId: request }));
  }

  /** Cards as they were issued, after card `seq`. */
  issuedAfter(seq: number): CardRow[] {
    return this.#sql
      .exec<CardRecord>("SELECT * FROM cards WHERE seq > ? ORDER BY seq", seq)
      .toArray()
      .map((row) => ({ ...toCard(row), state: "issued", version: 1, lineUserId: row.drawn_for }));
  }

  /** What the draws of these cards asked, by `drawKey`. */
  drawnBefore(seqs: readonly number[]): Map<string, DrawnBefore> {
    const rows = this.#sql.exec<Pick<CardRecord, "request" | "seq" | "recipient" | "drawn_for" | "metadata" | "expires_at">>(
      "SELECT request, seq, recipient, drawn_for, metadata, expires_at FROM cards WHERE seq IN (SELECT value FROM json_each(?))",
      JSON.stringify(seqs),
    );
    const drawn = new Map<string, DrawnBefore>();
    for (const { request, seq, recipient, drawn_for, metadata, expires_at } of rows) {
      drawn.set(drawKey({ requestId: request, recipient }), { seq, drawnFor: drawn_for, metadata, expiresAtMs: expires_at });
    }
    return drawn;
  }

  /** How many of these cards each recipient has, in all and since `dayStartMs`; voided ones do not count. */
  recipientCounts(seqs: readonly number[], dayStartMs: number): Map<string, RecipientCount> {
    const rows = this.#sql.exec<{ recipient: string; total: number; today: number }>(
      `SELECT recipient, count(*) AS total, sum(issued_at >= ?) AS today FROM cards
       WHERE seq IN (SELECT value FROM json_each(?)) AND recipient IS NOT NULL AND state <> 'voided' GROUP BY recipient`,
      dayStartMs,
      JSON.stringify(seqs),
    );
    const counts = new Map<string, RecipientCount>();
    for (const { recipient, total, today } of rows) counts.set(recipient, { total, today });
    return counts;
  }

  /** Stores cards that were issued together: at one moment, numbered without gaps. */
  insertCards(cards: readonly CardRow[]): void {
    const [first] = cards;
    if (first === undefined) return;
    let seq = first.seq;
    const rows = cards.map((c) => [c.requestId, c.recipient, c.drawnFor, c.metadata, c.prize, c.segment, c.position, c.code]);
    for (const { json, count } of jsonChunks(rows)) {
      this.#sql.exec(
        `INSERT INTO cards (seq, request, recipient, drawn_for, line_user, metadata, prize, segment, position, code, state, version, issued_at, expires_at)
         SELECT ?2 + key, value->>0, value->>1, value->>2, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, 'issued', 1, ?3, ?4
         FROM json_each(?1)`,
        json,
        seq,
        first.issuedAtMs,
        first.expiresAtMs,
      );
      seq += count;
    }
  }

  cards(seqs: readonly number[]): Map<number, CardRow> {
    const cards = new Map<number, CardRow>();
    const rows = this.#sql.exec<CardRecord>("SELECT * FROM cards WHERE seq IN (SELECT value FROM json_each(?))", JSON.stringify(seqs));
    for (const row of rows) cards.set(row.seq, toCard(row));
    return cards;
  }

  /** Cards from `firstSeq` on are issued under another rule of expiry. */
  beginSweep(firstSeq: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO sweeps (first_seq, swept_seq) VALUES (?1, ?1 - 1)", firstSeq);
  }

  sweeps(): SweepRange[] {
    return this.#sql
      .exec<{ first_seq: number; swept_seq: number; end_seq: number | null }>(
        "SELECT first_seq, swept_seq, lead(first_seq) OVER (ORDER BY first_seq) AS end_seq FROM sweeps ORDER BY first_seq",
      )
      .toArray()
      .map(({ first_seq, swept_seq, end_seq }) => ({ firstSeq: first_seq, sweptSeq: swept_seq, endSeq: end_seq }));
  }

  /** The next cards of a range that may have to expire, in the order of their issue. */
  cardsToSweep({ sweptSeq, endSeq }: SweepRange, limit: number): CardRow[] {
    return this.#sql
      .exec<CardRecord>("SELECT * FROM cards WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?", sweptSeq, endSeq ?? Infinity, limit)
      .toArray()
      .map(toCard);
  }

  markSwept({ firstSeq }: SweepRange, seq: number): void {
    this.#sql.exec("UPDATE sweeps SET swept_seq = ? WHERE first_seq = ?", seq, firstSeq);
  }

  /** Forgets a range whose cards have all been looked at. */
  dropSweep({ firstSeq }: SweepRange): void {
    this.#sql.exec("DELETE FROM sweeps WHERE first_seq = ?", firstSeq);
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

  /**
   * Keeps events until they are in a block. A row that is in one already is written over: deleting it would cost as much as writing it.
   * The events of issues are not here: a card's row is its event.
   */
  addToOutbox(rows: readonly OutboxRow[]): void {
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

  /** Forgets blocks that the ledger has confirmed. */
  dropBlocks(blocks: readonly number[]): void {
    this.#unsettledBlocks = null;
    const json = JSON.stringify(blocks);
    this.#sql.exec("DELETE FROM bodies WHERE block IN (SELECT value FROM json_each(?))", json);
    this.#sql.exec("DELETE FROM blocks WHERE block IN (SELECT value FROM json_each(?))", json);
  }

  tally(): { cards: TallyRow[]; unsettledBlocks: number; unpackedEvents: number } {
    const cards = this.#sql
      .exec<TallyRow>("SELECT prize, segment IS NULL AS fallback, returned, state, count(*) AS count FROM cards GROUP BY 1, 2, 3, 4")
      .toArray();
    const { blocks, events } = this.#sql
      .exec<{ blocks: number; events: number }>(
        `SELECT (SELECT count(*) FROM blocks) AS blocks,
                (SELECT coalesce(sum(events), 0) FROM pending, issuer WHERE block > last_block)
                  + (SELECT count(*) FROM cards, issuer WHERE seq > sealed_seq) AS events`,
      )
      .one();
    return { cards, unsettledBlocks: blocks, unpackedEvents: events };
  }
}

/** Rows as JSON arrays, each short enough for one statement, and how many are in each. */
function jsonChunks(rows: readonly (readonly unknown[])[]): { readonly json: string; readonly count: number }[] {
  const chunks: { json: string; count: number }[] = [];
  let open: string[] = [];
  let chars = 0;
  const close = () => {
    if (open.length > 0) chunks.push({ json: `[${open.join(",")}]`, count: open.length });
    open = [];
    chars = 0;
  };
  for (const row of rows) {
    const json = JSON.stringify(row);
    if (chars + json.length > MAX_STATEMENT_CHARS) close();
    open.push(json);
    chars += json.length;
  }
  close();
  return chunks;
}

function toCard(row: CardRecord): CardRow {
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
