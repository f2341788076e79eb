import { DIGEST_PARTS, packCodes, partsOf } from "../code-digests.ts";
import type { DuplicateCode, ImportProgress, ImportStep, ManifestEntry, PackedDigests, PoolImport, SegmentUpload } from "../protocol.ts";

/** Rows of one table that one step of a cleaning deletes: two to five megabytes, some milliseconds. */
const SWEPT_ROWS = { code_digest_blocks: 1_000, code_chunks: 100, deck_chunks: 16, deck_trees: 8 } as const;

/** A segment that is being staged, and how far it is. */
export interface ImportRow extends ImportProgress {
  readonly segment: number;
  readonly etag: string;
  /** Cards of the deck; 0 while it has none. */
  readonly size: number;
  /** Steps done. */
  readonly step: number;
  readonly state: string | null;
  readonly checkedParts: number;
  /** The stock that the codes were compared with, as `stockWithCodes` says it. */
  readonly checkedAgainst: string;
  readonly duplicates: readonly DuplicateCode[];
  readonly moreDuplicates: number;
}

/** Where the comparison of an import's codes stands. */
export type CodeCheck = Pick<ImportRow, "checkedParts" | "checkedAgainst" | "duplicates" | "moreDuplicates">;

/** A segment of the stock, with its name. */
interface NamedSegment extends Record<string, SqlStorageValue> {
  readonly segment: number;
  readonly name: string;
}

/** The SQL of imports: what is staged, and what has been dropped and is still to be deleted. Every method is synchronous. */
export class ImportStorage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The import of a file's name that is under way. */
  find(name: string): ImportRow | null {
    const [row] = this.#sql
      .exec<{
        segment: number;
        etag: string;
        size: number;
        step: number;
        state: string | null;
        bytes: number;
        bytesRead: number;
        rows: number;
        codes: number;
        checkedParts: number;
        checkedAgainst: string;
        duplicates: string;
        moreDuplicates: number;
      }>(
        `SELECT s.segment, s.etag, s.size, i.step, i.state, i.bytes, i.bytes_read AS bytesRead, i.rows, i.codes, i.checked_parts AS checkedParts,
           i.checked_against AS checkedAgainst, i.duplicates, i.more_duplicates AS moreDuplicates
         FROM segments AS s JOIN imports AS i ON i.segment = s.segment WHERE s.name = ? AND s.status = 'staging'`,
        name,
      )
      .toArray();
    return row === undefined ? null : { ...row, duplicates: JSON.parse(row.duplicates) as DuplicateCode[] };
  }

  /** Opens a place to stage. Its number is nobody's, not even of what is still to be deleted. */
  begin({ segment: name, etag }: SegmentUpload, nowMs: number): void {
    const { segment } = this.#sql
      .exec<{ segment: number }>(
        "SELECT 1 + max((SELECT coalesce(max(segment), 0) FROM segments), (SELECT coalesce(max(segment), 0) FROM dropped)) AS segment",
      )
      .one();
    this.#sql.exec(
      "INSERT INTO segments (segment, name, etag, status, manifest, size, next, dealt) VALUES (?, ?, ?, 'staging', '[]', 0, 0, '[]')",
      segment,
      name,
      etag,
    );
    this.#sql.exec(
      `INSERT INTO imports (segment, step, state, bytes, bytes_read, rows, codes, checked_parts, checked_against, duplicates, more_duplicates, started_at, touched_at)
       VALUES (?1, 0, NULL, 0, 0, 0, 0, 0, '', '[]', 0, ?2, ?2)`,
      segment,
      nowMs,
    );
  }

  exists(segment: number): boolean {
    return this.#sql.exec("SELECT 1 FROM imports WHERE segment = ?", segment).toArray().length > 0;
  }

  /** Stores what a step brings, after all steps before it. */
  addStep(segment: number, { step, state, progress, chunks, digests }: ImportStep, nowMs: number): void {
    for (const { prize, count, codes } of chunks) {
      this.#sql.exec(
        `INSERT INTO code_chunks (segment, prize, first, count, codes, digested)
         SELECT ?1, ?2, coalesce((SELECT first + count FROM code_chunks WHERE segment = ?1 AND prize = ?2 ORDER BY first DESC LIMIT 1), 0), ?3, ?4, 1`,
        segment,
        prize,
        count,
        codes,
      );
    }
    this.#addDigests(segment, step, digests);
    const { bytes, bytesRead, rows, codes } = progress;
    this.#sql.exec(
      `UPDATE imports SET step = ?2 + 1, state = ?3, bytes = ?4, bytes_read = ?5, rows = ?6, codes = ?7, touched_at = ?8,
         checked_parts = 0, duplicates = '[]', more_duplicates = 0 WHERE segment = ?1`,
      segment,
      step,
      state,
      bytes,
      bytesRead,
      rows,
      codes,
      nowMs,
    );
  }

  #addDigests(segment: number, step: number, digests: PackedDigests): void {
    for (const { part, entries } of partsOf(digests)) {
      this.#sql.exec(
        "INSERT INTO code_digest_blocks (segment, part, step, entries) VALUES (?, ?, ?, ?)",
        segment,
        part,
        step,
        entries.slice().buffer,
      );
    }
  }

  /** The stock's segments that have codes, but for the one of this name, which an import of it would take the place of. */
  stockWithCodes(name: string): NamedSegment[] {
    return this.#sql
      .exec<NamedSegment>(
        `SELECT segment, name FROM segments AS s WHERE status = 'ready' AND name <> ?
           AND EXISTS (SELECT 1 FROM code_chunks WHERE segment = s.segment) ORDER BY segment`,
        name,
      )
      .toArray();
  }

  /** A segment's digests of one part, in the file's order, as 32-bit words. */
  digests(segment: number, part: number): Uint32Array {
    const blocks = this.#sql
      .exec<{ entries: ArrayBuffer }>("SELECT entries FROM code_digest_blocks WHERE segment = ? AND part = ? ORDER BY step", segment, part)
      .toArray()
      .map(({ entries }) => new Uint32Array(entries));
    const all = new Uint32Array(blocks.reduce((words, block) => words + block.length, 0));
    let at = 0;
    for (const block of blocks) {
      all.set(block, at);
      at += block.length;
    }
    return all;
  }

  saveCheck(segment: number, { checkedParts, checkedAgainst, duplicates, moreDuplicates }: CodeCheck, nowMs: number): void {
    this.#sql.exec(
      "UPDATE imports SET checked_parts = ?2, checked_against = ?3, duplicates = ?4, more_duplicates = ?5, touched_at = ?6 WHERE segment = ?1",
      segment,
      checkedParts,
      checkedAgainst,
      JSON.stringify(duplicates),
      moreDuplicates,
      nowMs,
    );
  }

  /** Makes the digests of codes that were stored before there were any like these, one row of codes a call; false: all have theirs. */
  digestOldCodes(): boolean {
    const [row] = this.#sql
      .exec<{ chunk: number; segment: number; codes: string }>(
        "SELECT rowid AS chunk, segment, codes FROM code_chunks WHERE digested = 0 AND segment IN (SELECT segment FROM segments) LIMIT 1",
      )
      .toArray();
    if (row === undefined) return false;
    const codes = JSON.parse(row.codes) as string[];
    // Numbered below the steps of imports, which count up from 0; of the lines nothing is known any more.
    this.#addDigests(row.segment, -row.chunk, packCodes(codes.map((code) => ({ prize: "", code, line: 0 }))).digests);
    this.#sql.exec("UPDATE code_chunks SET digested = 1 WHERE rowid = ?", row.chunk);
    return true;
  }

  stagedCounts(segment: number): ManifestEntry[] {
    return this.#sql
      .exec<{ prize: string; quantity: number }>(
        "SELECT prize, sum(count) AS quantity FROM code_chunks WHERE segment = ? GROUP BY prize ORDER BY min(rowid)",
        segment,
      )
      .toArray();
  }

  /** The segment is stock: nothing of its import is needed any more. */
  finish(segment: number): void {
    this.#sql.exec("DELETE FROM imports WHERE segment = ?", segment);
  }

  /** The segment is gone at once; what it had is deleted by and by. */
  drop(segment: number): void {
    this.#sql.exec("DELETE FROM imports WHERE segment = ?", segment);
    this.#sql.exec("DELETE FROM segments WHERE segment = ?", segment);
    this.#sql.exec("INSERT INTO dropped (segment) VALUES (?)", segment);
  }

  hasDropped(): boolean {
    return this.#sql.exec("SELECT 1 FROM dropped LIMIT 1").toArray().length > 0;
  }

  /** Deletes some rows of what was dropped; false: nothing is left. */
  sweep(): boolean {
    const [dropped] = this.#sql.exec<{ segment: number }>("SELECT segment FROM dropped LIMIT 1").toArray();
    if (dropped === undefined) return false;
    for (const [table, rows] of Object.entries(SWEPT_ROWS)) {
      const deleted = this.#sql.exec(
        `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE segment = ? LIMIT ${rows})`,
        dropped.segment,
      );
      if (deleted.rowsWritten > 0) return true;
    }
    this.#sql.exec("DELETE FROM dropped WHERE segment = ?", dropped.segment);
    return this.hasDropped();
  }

  /** Imports that have not come on since, by segment. */
  untouchedSince(atMs: number): number[] {
    return this.#sql
      .exec<{ segment: number }>("SELECT segment FROM imports WHERE touched_at <= ?", atMs)
      .toArray()
      .map(({ segment }) => segment);
  }

  /** When the import that has rested longest last came on; null: there is none. */
  oldestTouch(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT min(touched_at) AS at FROM imports").one().at;
  }

  list(): PoolImport[] {
    return this.#sql
      .exec<Record<string, SqlStorageValue> & Omit<PoolImport, "checked"> & { checkedParts: number }>(
        `SELECT s.name AS segment, s.etag, i.bytes, i.bytes_read AS bytesRead, i.rows, i.codes, i.checked_parts AS checkedParts,
           i.started_at AS startedAtMs, i.touched_at AS touchedAtMs
         FROM imports AS i JOIN segments AS s ON s.segment = i.segment ORDER BY i.segment`,
      )
      .toArray()
      .map(({ checkedParts, ...row }) => ({ ...row, checked: checkedParts / DIGEST_PARTS }));
  }
}
