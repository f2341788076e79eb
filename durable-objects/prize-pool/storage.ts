import { PLAIN_SEGMENT } from "../protocol.ts";
import type { CampaignRules, Giveback, Lease, ManifestEntry, SegmentOptions } from "../protocol.ts";
import { shuffleDeck } from "./deck.ts";
import { deckSeed } from "./seeds.ts";
import { issuableUntil } from "./segment.ts";
import type { SegmentTerms } from "./segment.ts";
import { migrate } from "../migrate.ts";
import { countOrdinals } from "./ordinals.ts";

/** Cards of a deck in one row: 128 KB of ordinals, far below the 2 MB of a SQL value; a lease reads one or two rows. */
export const CHUNK_CARDS = 65_536;

const MIGRATIONS = [
  `
  CREATE TABLE campaign (id INTEGER PRIMARY KEY CHECK (id = 0), rules TEXT NOT NULL, pushed_version INTEGER NOT NULL) STRICT;
  CREATE TABLE segments (
    segment INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    etag TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('staging', 'ready')),
    manifest TEXT NOT NULL,
    size INTEGER NOT NULL,
    next INTEGER NOT NULL,
    dealt TEXT NOT NULL,
    decks INTEGER NOT NULL DEFAULT 1,
    options TEXT NOT NULL DEFAULT '{}',
    moments BLOB,
    seed BLOB,
    commitment TEXT,
    opens_at INTEGER,
    closes_at INTEGER
  ) STRICT;
  CREATE TABLE deliveries (lease INTEGER PRIMARY KEY, shard INTEGER NOT NULL) STRICT;
  CREATE UNIQUE INDEX segments_name ON segments (name, status);
  CREATE TABLE deck_chunks (segment INTEGER NOT NULL, deck INTEGER NOT NULL, chunk INTEGER NOT NULL, ordinals BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX deck_chunks_place ON deck_chunks (segment, deck, chunk);
  CREATE TABLE code_chunks (segment INTEGER NOT NULL, prize TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, codes TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX code_chunks_place ON code_chunks (segment, prize, first);
  CREATE TABLE code_digests (
    digest TEXT NOT NULL,
    segment INTEGER NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (digest, segment)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE leases (
    lease INTEGER PRIMARY KEY,
    shard INTEGER NOT NULL,
    request INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    start INTEGER NOT NULL,
    cards INTEGER NOT NULL,
    dealt_before TEXT NOT NULL,
    codes TEXT,
    granted_at INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX leases_request ON leases (shard, request);
  CREATE TABLE returned (run INTEGER PRIMARY KEY, segment INTEGER NOT NULL, start INTEGER NOT NULL, cards INTEGER NOT NULL, codes TEXT) STRICT;
  CREATE TABLE shards (shard INTEGER PRIMARY KEY, giveback INTEGER NOT NULL) STRICT;
  `,
  `
  CREATE TABLE deck_trees (
    segment INTEGER NOT NULL,
    deck INTEGER NOT NULL,
    root BLOB NOT NULL,
    levels BLOB NOT NULL,
    PRIMARY KEY (segment, deck)
  ) STRICT;
  `,
  // Imports go in steps; what was staged before is begun anew. Digests stand in blocks: a row each was a page written each.
  `
  CREATE TABLE imports (
    segment INTEGER PRIMARY KEY,
    step INTEGER NOT NULL,
    state TEXT,
    bytes INTEGER NOT NULL,
    bytes_read INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    codes INTEGER NOT NULL,
    checked_parts INTEGER NOT NULL,
    checked_against TEXT NOT NULL,
    duplicates TEXT NOT NULL,
    more_duplicates INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE dropped (segment INTEGER PRIMARY KEY) STRICT;
  INSERT INTO dropped (segment) SELECT segment FROM segments WHERE status = 'staging';
  DELETE FROM segments WHERE status = 'staging';
  CREATE TABLE code_digest_blocks (segment INTEGER NOT NULL, part INTEGER NOT NULL, step INTEGER NOT NULL, entries BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX code_digest_blocks_place ON code_digest_blocks (segment, part, step);
  ALTER TABLE code_chunks ADD COLUMN digested INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX code_chunks_undigested ON code_chunks (segment) WHERE digested = 0;
  DROP TABLE code_digests;
  `,
];

/** A segment as it stands; `dealt[ordinal]` counts the cards of that prize already leased, and is the cursor into its codes. */
export interface SegmentRow extends SegmentTerms {
  readonly segment: number;
  readonly name: string;
  readonly etag: string;
  readonly status: SegmentStatus;
  readonly manifest: readonly ManifestEntry[];
  readonly dealt: readonly number[];
  readonly seed: Uint8Array;
  readonly commitment: string;
}

type SegmentStatus = "staging" | "ready";

export type Codes = readonly (string | null)[];

export interface LeaseRow {
  readonly lease: number;
  readonly segment: number;
  readonly start: number;
  readonly cards: number;
  /** How many cards of each prize the segment had dealt before this run: where its codes begin. */
  readonly dealtBefore: readonly number[];
  /** Of a run that was given back, which has its codes with it; null for a fresh run, and where no card has one. */
  readonly codes: Codes | null;
}

/** A run that an issuer gave back, to be leased again. */
export interface ReturnedRun {
  readonly run: number;
  readonly segment: number;
  readonly start: number;
  readonly cards: number;
  readonly codes: Codes | null;
}

/** A segment whose deck is shuffled, and that is not stock yet. */
export interface SealedSegment {
  readonly manifest: readonly ManifestEntry[];
  readonly size: number;
  readonly seed: Uint8Array;
}

export interface ReadySegment {
  readonly commitment: string;
  readonly options: SegmentOptions;
  readonly moments: Float64Array | null;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

interface SegmentRecord extends Record<string, SqlStorageValue> {
  segment: number;
  name: string;
  etag: string;
  status: SegmentStatus;
  manifest: string;
  size: number;
  next: number;
  dealt: string;
  decks: number;
  options: string;
  moments: ArrayBuffer | null;
  seed: ArrayBuffer | null;
  commitment: string | null;
  opens_at: number | null;
  closes_at: number | null;
}

/** The pool's SQL, statement by statement. Every method is synchronous: callers put what belongs together in one transaction. */
export class PoolStorage {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#sql = storage.sql;
  }

  campaign(): { rules: CampaignRules; pushedVersion: number } | null {
    const [row] = this.#sql.exec<{ rules: string; pushed_version: number }>("SELECT rules, pushed_version FROM campaign").toArray();
    return row === undefined ? null : { rules: readRules(row.rules), pushedVersion: row.pushed_version };
  }

  saveRules(rules: CampaignRules): void {
    this.#sql.exec(
      "INSERT INTO campaign (id, rules, pushed_version) VALUES (0, ?, 0) ON CONFLICT (id) DO UPDATE SET rules = excluded.rules",
      JSON.stringify(rules),
    );
  }

  /** Every issuer has heard of this version. */
  markPushed(version: number): void {
    this.#sql.exec("UPDATE campaign SET pushed_version = max(pushed_version, ?)", version);
  }

  /** The segments that are stock. */
  segments(): SegmentRow[] {
    return this.#sql.exec<SegmentRecord>("SELECT * FROM segments WHERE status = 'ready' ORDER BY segment").toArray().map(toSegment);
  }

  /** The segment of this file's name: the one that is stock, or the one that is being imported, perhaps to replace it. */
  segmentByName(name: string, status: SegmentStatus): SegmentRow | null {
    const [row] = this.#sql.exec<SegmentRecord>("SELECT * FROM segments WHERE name = ? AND status = ?", name, status).toArray();
    return row === undefined ? null : toSegment(row);
  }

  segment(segment: number): SegmentRow {
    return toSegment(this.#sql.exec<SegmentRecord>("SELECT * FROM segments WHERE segment = ?", segment).one());
  }

  findSegment(segment: number): SegmentRow | null {
    const [row] = this.#sql.exec<SegmentRecord>("SELECT * FROM segments WHERE segment = ?", segment).toArray();
    return row === undefined ? null : toSegment(row);
  }

  /** Gives a segment its deck, whose cards are stored already; it is not stock yet. */
  sealSegment(segment: number, { manifest, size, seed }: SealedSegment): void {
    this.#sql.exec(
      "UPDATE segments SET manifest = ?, size = ?, dealt = ?, seed = ? WHERE segment = ?",
      JSON.stringify(manifest),
      size,
      JSON.stringify(manifest.map(() => 0)),
      seed.slice().buffer,
      segment,
    );
  }

  /** Makes a sealed segment stock. */
  readySegment(segment: number, { options, moments, commitment, opensAtMs, closesAtMs }: ReadySegment): void {
    this.#sql.exec(
      "UPDATE segments SET status = 'ready', options = ?, moments = ?, commitment = ?, opens_at = ?, closes_at = ? WHERE segment = ?",
      JSON.stringify(options),
      moments === null ? null : moments.slice().buffer,
      commitment,
      opensAtMs,
      closesAtMs,
      segment,
    );
  }

  /** Makes the next deck of a repeating segment, and forgets those that nobody is dealt from any more: the seed can make them again. */
  addDeck({ segment, manifest, seed, decks, size, next }: SegmentRow): void {
    this.storeDeckChunks(segment, decks, shuffleDeck(manifest, deckSeed(seed, decks)));
    this.#sql.exec("UPDATE segments SET decks = decks + 1 WHERE segment = ?", segment);
    this.#sql.exec("DELETE FROM deck_chunks WHERE segment = ? AND deck < ?", segment, Math.floor(next / size));
  }

  /** Stores a deck, or the rows of it from `first` to `last`, again the same; false: it has none of these. */
  storeDeckChunks(segment: number, deck: number, cards: Uint16Array, { first, last } = { first: 0, last: Infinity }): boolean {
    const bytes = new Uint8Array(cards.buffer, cards.byteOffset, cards.byteLength);
    const chunkBytes = CHUNK_CARDS * cards.BYTES_PER_ELEMENT;
    for (let chunk = first; chunk <= last && chunk * chunkBytes < bytes.length; chunk++) {
      const ordinals = bytes.slice(chunk * chunkBytes, (chunk + 1) * chunkBytes).buffer;
      this.#sql.exec(
        `INSERT INTO deck_chunks (segment, deck, chunk, ordinals) VALUES (?, ?, ?, ?)
         ON CONFLICT (segment, deck, chunk) DO UPDATE SET ordinals = excluded.ordinals`,
        segment,
        deck,
        chunk,
        ordinals,
      );
    }
    return first * chunkBytes < bytes.length;
  }

  /** `cards` ordinals of a segment from a position on, all of one deck. */
  ordinals({ segment, size, manifest, seed }: SegmentRow, position: number, cards: number): Uint16Array {
    const deck = Math.floor(position / size);
    const start = position % size;
    const run = new Uint16Array(cards);
    const rows = this.#sql
      .exec<{ chunk: number; ordinals: ArrayBuffer }>(
        "SELECT chunk, ordinals FROM deck_chunks WHERE segment = ? AND deck = ? AND chunk BETWEEN ? AND ? ORDER BY chunk",
        segment,
        deck,
        Math.floor(start / CHUNK_CARDS),
        Math.floor((start + cards - 1) / CHUNK_CARDS),
      )
      .toArray();
    if (rows.length === 0) return shuffleDeck(manifest, deckSeed(seed, deck)).slice(start, start + cards);
    for (const { chunk, ordinals } of rows) {
      const chunkStart = chunk * CHUNK_CARDS;
      const from = Math.max(0, start - chunkStart);
      const to = Math.min(CHUNK_CARDS, start + cards - chunkStart);
      run.set(new Uint16Array(ordinals).subarray(from, to), chunkStart + from - start);
    }
    return run;
  }

  /** `count` codes of a prize from the `first`-th on, in the file's order. */
  codes(segment: number, prize: string, first: number, count: number): string[] {
    const rows = this.#sql.exec<{ first: number; codes: string }>(
      "SELECT first, codes FROM code_chunks WHERE segment = ? AND prize = ? AND first < ? AND first + count > ? ORDER BY first",
      segment,
      prize,
      first + count,
      first,
    );
    const run: string[] = [];
    for (const row of rows) {
      const codes = JSON.parse(row.codes) as string[];
      run.push(...codes.slice(Math.max(0, first - row.first), first + count - row.first));
    }
    return run;
  }

  codedPrizes(segment: number): Set<string> {
    const rows = this.#sql.exec<{ prize: string }>("SELECT DISTINCT prize FROM code_chunks WHERE segment = ?", segment).toArray();
    return new Set(rows.map(({ prize }) => prize));
  }

  leaseByRequest(shard: number, request: number): LeaseRow | null {
    const [row] = this.#sql
      .exec<{ lease: number; segment: number; start: number; cards: number; dealt_before: string; codes: string | null }>(
        "SELECT lease, segment, start, cards, dealt_before, codes FROM leases WHERE shard = ? AND request = ?",
        shard,
        request,
      )
      .toArray();
    if (row === undefined) return null;
    return { ...row, dealtBefore: JSON.parse(row.dealt_before) as number[], codes: parseCodes(row.codes) };
  }

  /** Moves a segment's cursor past cards that are leased for the first time. */
  advanceSegment(segment: number, next: number, dealt: readonly number[]): void {
    this.#sql.exec("UPDATE segments SET next = ?, dealt = ? WHERE segment = ?", next, JSON.stringify(dealt), segment);
  }

  /** Writes a lease down; returns its number. */
  addLease(row: Omit<LeaseRow, "lease"> & { shard: number; request: number; atMs: number }): number {
    return this.#sql
      .exec<{ lease: number }>(
        `INSERT INTO leases (shard, request, segment, start, cards, dealt_before, codes, granted_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING lease`,
        row.shard,
        row.request,
        row.segment,
        row.start,
        row.cards,
        JSON.stringify(row.dealtBefore),
        row.codes === null ? null : JSON.stringify(row.codes),
        row.atMs,
      )
      .one().lease;
  }

  /** Leases that are to be brought to their issuer, with its shard: winning moments whose time has come. */
  deliveries(): { readonly shard: number; readonly row: LeaseRow }[] {
    return this.#sql
      .exec<{ shard: number; lease: number; segment: number; start: number; cards: number; dealt_before: string; codes: string | null }>(
        "SELECT d.shard, l.lease, l.segment, l.start, l.cards, l.dealt_before, l.codes FROM deliveries d JOIN leases l ON l.lease = d.lease",
      )
      .toArray()
      .map(({ shard, dealt_before, codes, ...row }) => ({
        shard,
        row: { ...row, dealtBefore: JSON.parse(dealt_before) as number[], codes: parseCodes(codes) },
      }));
  }

  addDelivery(lease: number, shard: number): void {
    this.#sql.exec("INSERT INTO deliveries (lease, shard) VALUES (?, ?)", lease, shard);
  }

  delivered(lease: number): void {
    this.#sql.exec("DELETE FROM deliveries WHERE lease = ?", lease);
  }

  /** Number of the last lease request granted to each shard. */
  lastRequests(): Map<number, number> {
    const rows = this.#sql.exec<{ shard: number; request: number }>("SELECT shard, max(request) AS request FROM leases GROUP BY shard");
    return new Map(rows.toArray().map(({ shard, request }) => [shard, request]));
  }

  lastGivebacks(): Map<number, number> {
    const rows = this.#sql.exec<{ shard: number; giveback: number }>("SELECT shard, giveback FROM shards");
    return new Map(rows.toArray().map(({ shard, giveback }) => [shard, giveback]));
  }

  /** Takes what was not taken before; returns the number of the shard's last giveback, and how many cards came back. */
  takeGivebacks(shard: number, givebacks: readonly Giveback[]): { readonly giveback: number; readonly cards: number } {
    let last = this.lastGivebacks().get(shard) ?? 0;
    let cards = 0;
    for (const { giveback, runs } of givebacks) {
      if (giveback <= last) continue;
      for (const { segment, start, ordinals, codes } of runs) {
        const row = this.segmentByName(segment, "ready");
        if (row === null) throw new Error("stock came back of a segment that is not here");
        this.#sql.exec(
          "INSERT INTO returned (segment, start, cards, codes) VALUES (?, ?, ?, ?)",
          row.segment,
          start,
          ordinals.length,
          codes === null ? null : JSON.stringify(codes),
        );
        cards += ordinals.length;
      }
      last = giveback;
    }
    this.#sql.exec("INSERT INTO shards (shard, giveback) VALUES (?1, ?2) ON CONFLICT (shard) DO UPDATE SET giveback = ?2", shard, last);
    return { giveback: last, cards };
  }

  returned(): ReturnedRun[] {
    return this.#sql
      .exec<{ run: number; segment: number; start: number; cards: number; codes: string | null }>("SELECT * FROM returned ORDER BY run")
      .toArray()
      .map((row) => ({ ...row, codes: parseCodes(row.codes) }));
  }

  /** Takes the first `cards` of a returned run out of it. */
  takeReturned({ run, cards: all, codes }: ReturnedRun, cards: number): void {
    if (cards === all) this.#sql.exec("DELETE FROM returned WHERE run = ?", run);
    else {
      const rest = codes === null ? null : JSON.stringify(codes.slice(cards));
      this.#sql.exec("UPDATE returned SET start = start + ?1, cards = cards - ?1, codes = ?2 WHERE run = ?3", cards, rest, run);
    }
  }

  /** A lease as its issuer gets it; the same row gives the same lease, however often. */
  lease(row: LeaseRow): Lease {
    const segment = this.segment(row.segment);
    const ordinals = this.ordinals(segment, row.start, row.cards);
    const coded = row.codes === null ? this.codedPrizes(row.segment) : new Set();
    const base = {
      lease: row.lease,
      segment: segment.name,
      start: row.start,
      prizes: segment.manifest.map(({ prize }) => prize),
      ordinals,
      closesAtMs: issuableUntil(segment),
      first: segment.options.moments !== null,
    };
    if (coded.size === 0) return { ...base, codes: row.codes };
    const counts = countOrdinals(ordinals, segment.manifest.length);
    const queues = segment.manifest.map(({ prize }, ordinal) =>
      coded.has(prize) ? this.codes(row.segment, prize, row.dealtBefore[ordinal] ?? 0, counts[ordinal] ?? 0)[Symbol.iterator]() : null,
    );
    return { ...base, codes: Array.from(ordinals, (ordinal) => queues[ordinal]?.next().value ?? null) };
  }
}

function parseCodes(json: string | null): Codes | null {
  return json === null ? null : (JSON.parse(json) as Codes);
}

function toSegment(row: SegmentRecord): SegmentRow {
  const { manifest, dealt, options, moments, seed, commitment, opens_at, closes_at, ...rest } = row;
  return {
    ...rest,
    manifest: JSON.parse(manifest) as ManifestEntry[],
    dealt: JSON.parse(dealt) as number[],
    options: { ...PLAIN_SEGMENT, ...(JSON.parse(options) as Partial<SegmentOptions>) },
    moments: moments === null ? null : new Float64Array(moments),
    seed: new Uint8Array(seed ?? []),
    commitment: commitment ?? "",
    opensAtMs: opens_at,
    closesAtMs: closes_at,
  };
}

/** A campaign that was published before there could be several ledgers has one. */
function readRules(stored: string): CampaignRules {
  const rules = JSON.parse(stored) as Omit<CampaignRules, "ledgers"> & Partial<CampaignRules>;
  return { ...rules, ledgers: rules.ledgers ?? 1 };
}
