import type { Stretch } from "../card-index.ts";
import type { IndexPage } from "../index-pages.ts";
import type { IndexSketch } from "../index-sketch.ts";
import { drawnOf } from "./card-record.ts";
import type { CardRecord, Drawn } from "./card-record.ts";

/** A stretch that is not stored yet. */
export type NewStretch = Omit<Stretch, "firstPage"> & { readonly sketch: IndexSketch };

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

  /** In the order in which they were stored, without their sketches. */
  stretches(): Stretch[] {
    return this.#sql
      .exec<{ run: number; merged: number; first_page: number; bounds: ArrayBuffer }>(
        "SELECT run, merged, first_page, bounds FROM index_stretches ORDER BY run, first_page",
      )
      .toArray()
      .map(({ run, merged, first_page, bounds }) => ({
        run,
        merged: merged === 1,
        firstPage: first_page,
        bounds: new Float64Array(bounds),
        sketch: null,
      }));
  }

  sketch({ firstPage }: Stretch): IndexSketch {
    const { sketch } = this.#sql.exec<{ sketch: ArrayBuffer }>("SELECT sketch FROM index_stretches WHERE first_page = ?", firstPage).one();
    return new Uint8Array(sketch);
  }

  /** Stores a stretch and its pages, which follow each other. */
  addStretch(stretch: NewStretch, pages: readonly IndexPage[]): Stretch {
    const { last } = this.#sql.exec<{ last: number }>("SELECT coalesce(max(page), 0) AS last FROM index_pages").one();
    const firstPage = last + 1;
    for (const [nth, entries] of pages.entries()) {
      this.#sql.exec("INSERT INTO index_pages (page, entries) VALUES (?, ?)", firstPage + nth, entries.buffer);
    }
    const { run, merged, bounds, sketch } = stretch;
    this.#sql.exec(
      "INSERT INTO index_stretches (run, merged, first_page, bounds, sketch) VALUES (?, ?, ?, ?, ?)",
      run,
      merged ? 1 : 0,
      firstPage,
      bounds.buffer,
      sketch.buffer,
    );
    return { ...stretch, firstPage };
  }

  dropStretches(stretches: readonly Stretch[]): void {
    for (const { firstPage, bounds } of stretches) {
      this.#sql.exec("DELETE FROM index_pages WHERE page >= ? AND page < ?", firstPage, firstPage + bounds.length - 1);
      this.#sql.exec("DELETE FROM index_stretches WHERE first_page = ?", firstPage);
    }
  }

  pages(pages: readonly number[]): Map<number, IndexPage> {
    const found = new Map<number, IndexPage>();
    if (pages.length === 0) return found;
    const rows = this.#sql.exec<{ page: number; entries: ArrayBuffer }>(
      "SELECT page, entries FROM index_pages WHERE page IN (SELECT value FROM json_each(?))",
      JSON.stringify(pages),
    );
    for (const { page, entries } of rows) found.set(page, new Float64Array(entries));
    return found;
  }

  /** What the index is to know of the cards after `seq`. */
  cardsAfter(seq: number, limit: number): (Pick<Drawn, "requestId" | "recipient"> & { readonly seq: number })[] {
    return this.#sql
      .exec<Pick<CardRecord, "seq" | "drawn">>("SELECT seq, drawn FROM cards WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
      .toArray()
      .map((row) => ({ ...drawnOf(row), seq: row.seq }));
  }
}
