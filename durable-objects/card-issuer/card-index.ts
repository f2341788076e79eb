import type { CardRow } from "./card.ts";
import { cutPage, findInPage, hashKey, mergePages, pageOf, spread } from "./index-pages.ts";
import type { IndexPage, PageStart } from "./index-pages.ts";
import { PageSketches } from "./page-sketches.ts";
import { RecentEntries } from "./recent-entries.ts";
import type { IndexStorage } from "./storage/stored-index.ts";

/** Cards that are put into the index together at least: what a start reads again, some fifty milliseconds. */
const MIN_CARDS_PER_BATCH = 32_768;
/** A page is written once for all that is new in it: where there are many pages, more cards at a time. */
const CARDS_PER_PAGE = 16;
/** What memory holds of them, some megabytes, and what is read at a start, a tenth of a second. */
const MAX_CARDS_PER_BATCH = 65_536;
/** Cards that are read in one step at a start. */
const CARDS_PER_STEP = 4_096;
/** Pages kept in memory, 16 MB at the most; past it they are read again as they are needed. */
const MAX_CACHED_PAGES = 4_000;
/** Pages that are read and written in one step. */
const PAGES_PER_STEP = 500;

const KINDS = { request: 1, recipient: 2 } as const;

/** What of a card is looked for. */
export type IndexedCard = Pick<CardRow, "seq" | "requestId" | "recipient">;

/** Where the index is stored. */
export type StoredIndex = Pick<IndexStorage, keyof IndexStorage>;

/**
 * Finds cards by request and by recipient. It follows the cards: the newest are in memory only, the others in stored pages, up to a card whose number is
 * stored with them. What memory loses is read from the cards again.
 */
export class CardIndex {
  readonly #storage: StoredIndex;
  #starts: readonly PageStart[];
  readonly #pages = new Map<number, IndexPage>();
  readonly #sketches = new PageSketches();
  /** Cards after the indexed ones. */
  readonly #recent = new RecentEntries();
  #recentCards = 0;
  #lastSeq: number;

  constructor(storage: StoredIndex) {
    this.#storage = storage;
    this.#starts = storage.indexStarts();
    this.#lastSeq = storage.indexedSeq();
    for (;;) {
      const cards = storage.cardsAfter(this.#lastSeq, CARDS_PER_STEP);
      this.add(cards);
      if (this.isFull) this.store();
      if (cards.length < CARDS_PER_STEP) return;
    }
  }

  /** Whether it is time to `store`. */
  get isFull(): boolean {
    return this.#recentCards >= Math.min(MAX_CARDS_PER_BATCH, Math.max(MIN_CARDS_PER_BATCH, this.#starts.length * CARDS_PER_PAGE));
  }

  /** Takes in cards that are stored; in the order of their numbers, without gaps. */
  add(cards: readonly IndexedCard[]): void {
    for (const { seq, requestId, recipient } of cards) {
      this.#recent.add(hashKey(KINDS.request, requestId), seq);
      if (recipient !== null) this.#recent.add(hashKey(KINDS.recipient, recipient), seq);
      this.#lastSeq = seq;
    }
    this.#recentCards += cards.length;
  }

  /** Numbers of all cards of these requests and of these recipients; a few others may be among them. */
  find(requestIds: readonly string[], recipients: readonly string[]): number[] {
    const hashes = [
      ...requestIds.map((requestId) => hashKey(KINDS.request, requestId)),
      ...recipients.map((recipient) => hashKey(KINDS.recipient, recipient)),
    ];
    const found: number[] = [];
    for (const hash of hashes) this.#recent.find(hash, found);
    this.#findStored(hashes, found);
    return [...new Set(found)];
  }

  /**
   * Moves the recent cards into pages, in the commit of whatever else is written in the same breath. Needs no transaction of its own, whose journal would
   * hold every page once more: an entry that is there twice is found once.
   */
  store(): void {
    const starts = [...this.#starts];
    // From the back: what comes before keeps its place while pages are cut.
    const parts = spread(starts, this.#recent.sorted()).toReversed();
    for (let step = 0; step < parts.length; step += PAGES_PER_STEP) this.#storeParts(starts, parts.slice(step, step + PAGES_PER_STEP));
    this.#storage.markIndexed(this.#lastSeq);
    this.#starts = starts;
    this.#recent.clear();
    this.#recentCards = 0;
  }

  #storeParts(starts: PageStart[], parts: ReturnType<typeof spread>): void {
    this.#load(parts.flatMap(({ nth }) => starts[nth]?.page ?? []));
    for (const { nth, entries } of parts) {
      const page = starts[nth]?.page;
      const before = page === undefined ? undefined : this.#pages.get(page);
      const pieces = cutPage(before === undefined ? entries.slice() : mergePages(before, entries));
      starts.splice(nth, 1, ...pieces.map((piece, n) => this.#save(n === 0 ? (page ?? null) : null, piece)));
    }
  }

  #save(page: number | null, entries: IndexPage): PageStart {
    const start = this.#storage.saveIndexPage(page, entries);
    this.#keep(start.page, entries);
    return start;
  }

  /** Has these pages in memory. */
  #load(pages: readonly number[]): void {
    const missing = pages.filter((page) => !this.#pages.has(page));
    if (this.#pages.size + missing.length > MAX_CACHED_PAGES) {
      this.#pages.clear();
      missing.splice(0, missing.length, ...pages);
    }
    for (const [page, entries] of this.#storage.indexPages(missing)) this.#keep(page, entries);
  }

  #keep(page: number, entries: IndexPage): void {
    this.#pages.set(page, entries);
    this.#sketches.draw(page, entries);
  }

  #findStored(hashes: readonly number[], found: number[]): void {
    const starts = this.#starts;
    if (starts.length === 0) return;
    const byPage = new Map<number, number[]>();
    for (const hash of hashes) {
      const last = pageOf(starts, hash, Number.POSITIVE_INFINITY);
      for (let nth = pageOf(starts, hash, 0); nth <= last; nth++) {
        const { page } = starts[nth] as PageStart;
        if (!this.#sketches.mayHold(page, hash)) continue;
        const wanted = byPage.get(page);
        if (wanted === undefined) byPage.set(page, [hash]);
        else wanted.push(hash);
      }
    }
    const pages = [...byPage];
    for (let step = 0; step < pages.length; step += PAGES_PER_STEP) {
      const some = pages.slice(step, step + PAGES_PER_STEP);
      this.#load(some.map(([page]) => page));
      for (const [page, wanted] of some) {
        const entries = this.#pages.get(page);
        if (entries === undefined) throw new Error("a page of the index is missing");
        for (const hash of wanted) findInPage(entries, hash, found);
      }
    }
  }
}
