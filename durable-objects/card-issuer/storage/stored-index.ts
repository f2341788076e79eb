import type { IndexedCard } from "../card-index.ts";
import type { IndexPage, PageStart } from "../index-pages.ts";
import type { CardRecord } from "./card-record.ts";

/** The stored pages of the index, and the cards that are not in them yet. */
export class IndexStorage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
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
}
