import { keysOf, NO_KEY } from "./index-keys.ts";
import type { IndexKeys } from "./index-keys.ts";
import { boundsOf, cutPages, findInPage, mergeRuns, pagesWith } from "./index-pages.ts";
import type { IndexPage, PageSource } from "./index-pages.ts";
import { mayHold, sketchOf } from "./index-sketch.ts";
import type { IndexSketch } from "./index-sketch.ts";
import { RecentEntries } from "./recent-entries.ts";
import type { IndexStorage } from "./storage/stored-index.ts";

/** Cards that become a run of the index together: what memory holds of them, some megabytes, and what a start reads again, a tenth of a second. */
const CARDS_PER_RUN = 65_536;
/** Cards that are read in one step at a start. */
const CARDS_PER_STEP = 4_096;
/** A run of two entries a card; longer ones are in several stretches, each with a sketch of 256 KB at the most. */
const MAX_STRETCH_ENTRIES = 2 * CARDS_PER_RUN;
/** So many runs become one: a million entries, in a sixth of a second. Merged runs stay as they are, so that no step takes longer. */
const RUNS_PER_MERGE = 8;
/** What memory holds of sketches, for ten million cards. Past it a look-up reads a page of every stretch that has none: of the oldest cards. */
const MAX_SKETCH_BYTES = 40 * 1024 * 1024;
/** Pages kept in memory, 4 MB: those of the requests that are asked again. */
const MAX_CACHED_PAGES = 1_000;
/** Pages that are read in one step. */
const PAGES_PER_STEP = 64;

/** Where the index is stored. */
export type StoredIndex = Pick<IndexStorage, keyof IndexStorage>;

/** A part of a run: pages that follow each other, in the order of their hashes, and what is known of them without reading them. */
export interface Stretch {
  readonly run: number;
  readonly merged: boolean;
  readonly firstPage: number;
  /** See `boundsOf`. */
  readonly bounds: IndexPage;
  readonly sketch: IndexSketch | null;
}

/**
 * Finds cards by request and by recipient. It follows the cards: the newest are in memory only; so many at a time they become a sorted run of pages that
 * is written once, and once more where eight runs become one (O'Neil et al., The log-structured merge-tree, 1996). What memory loses is read from the
 * cards again.
 */
export class CardIndex {
  readonly #storage: StoredIndex;
  /** In the order in which they were stored. */
  #stretches: readonly Stretch[];
  readonly #pages = new Map<number, IndexPage>();
  /** Cards after the indexed ones. */
  readonly #recent = new RecentEntries();
  #recentCards = 0;
  #lastSeq: number;

  constructor(storage: StoredIndex) {
    this.#storage = storage;
    this.#stretches = withinMemory(storage.stretches(), (stretch) => storage.sketch(stretch));
    this.#lastSeq = storage.indexedSeq();
    for (;;) {
      const cards = storage.cardsAfter(this.#lastSeq, CARDS_PER_STEP);
      this.add(this.#lastSeq + 1, keysOf(cards));
      if (this.isFull) this.store();
      if (cards.length < CARDS_PER_STEP) return;
    }
  }

  /** Whether it is time to `store`. */
  get isFull(): boolean {
    return this.#recentCards >= CARDS_PER_RUN;
  }

  /** Takes in the next cards, the first of them number `seq`, once they are stored. */
  add(seq: number, { requests, recipients }: IndexKeys): void {
    for (let i = 0; i < requests.length; i++) {
      this.#recent.add(requests[i] as number, seq + i);
      if (recipients[i] !== NO_KEY) this.#recent.add(recipients[i] as number, seq + i);
    }
    this.#lastSeq = seq + requests.length - 1;
    this.#recentCards += requests.length;
  }

  /** Numbers of all cards under these keys; a few others may be among them. */
  find(hashes: Float64Array): number[] {
    const found: number[] = [];
    for (let i = 0; i < hashes.length; i++) this.#recent.find(hashes[i] as number, found);
    for (const stretch of this.#stretches) this.#findIn(stretch, hashes, found);
    return [...new Set(found)];
  }

  /** Makes a run of the recent cards, in the commit of whatever else is written in the same breath. */
  store(): void {
    if (this.#recentCards === 0) return;
    this.#add(false, mergeRuns([[this.#recent.sorted()].values()], MAX_STRETCH_ENTRIES));
    this.#storage.markIndexed(this.#lastSeq);
    this.#recent.clear();
    this.#recentCards = 0;
    const runs = new Set(this.#stretches.filter(({ merged }) => !merged).map(({ run }) => run));
    if (runs.size >= RUNS_PER_MERGE) this.#merge(runs);
  }

  #merge(runs: ReadonlySet<number>): void {
    const old = this.#stretches.filter(({ run }) => runs.has(run));
    const sources = [...runs].map((run) => this.#read(old.filter((stretch) => stretch.run === run)));
    this.#add(true, mergeRuns(sources, MAX_STRETCH_ENTRIES));
    this.#storage.dropStretches(old);
    this.#stretches = this.#stretches.filter(({ run }) => !runs.has(run));
  }

  #add(merged: boolean, pieces: Iterable<IndexPage>): void {
    const run = (this.#stretches.at(-1)?.run ?? 0) + 1;
    const added: Stretch[] = [];
    for (const piece of pieces) {
      const pages = cutPages(piece);
      added.push(this.#storage.addStretch({ run, merged, bounds: boundsOf(pages), sketch: sketchOf(piece) }, pages));
    }
    this.#stretches = withinMemory([...this.#stretches, ...added], ({ sketch }) => sketch);
  }

  /** The pages of a run; memory does not keep them. */
  *#read(stretches: readonly Stretch[]): PageSource & Generator<IndexPage> {
    for (const { firstPage, bounds } of stretches) {
      const end = firstPage + bounds.length - 1;
      for (let page = firstPage; page < end; page += PAGES_PER_STEP) {
        const pages = numbers(page, Math.min(end, page + PAGES_PER_STEP));
        const read = this.#storage.pages(pages);
        for (const one of pages) yield existing(read.get(one));
      }
    }
  }

  #findIn({ firstPage, bounds, sketch }: Stretch, hashes: Float64Array, found: number[]): void {
    const wanted: { readonly page: number; readonly hash: number }[] = [];
    for (let i = 0; i < hashes.length; i++) {
      const hash = hashes[i] as number;
      if (sketch !== null && !mayHold(sketch, hash)) continue;
      const [first, end] = pagesWith(bounds, hash);
      for (let page = firstPage + first; page < firstPage + end; page++) wanted.push({ page, hash });
    }
    for (let step = 0; step < wanted.length; step += PAGES_PER_STEP) {
      const some = wanted.slice(step, step + PAGES_PER_STEP);
      this.#load(some.map(({ page }) => page));
      for (const { page, hash } of some) findInPage(existing(this.#pages.get(page)), hash, found);
    }
  }

  /** Has these pages in memory. */
  #load(pages: readonly number[]): void {
    let missing = pages.filter((page) => !this.#pages.has(page));
    if (this.#pages.size + missing.length > MAX_CACHED_PAGES) {
      this.#pages.clear();
      missing = [...pages];
    }
    for (const [page, entries] of this.#storage.pages(missing)) this.#pages.set(page, entries);
  }
}

/** The same with their sketches, from the newest on until those take what memory has for them; the oldest are left without. */
function withinMemory(stretches: readonly Stretch[], load: (stretch: Stretch) => IndexSketch | null): readonly Stretch[] {
  let bytes = 0;
  const withSketch = (stretch: Stretch): Stretch => {
    const sketch = bytes < MAX_SKETCH_BYTES ? load(stretch) : null;
    bytes += sketch?.length ?? 0;
    return { ...stretch, sketch };
  };
  return stretches.toReversed().map(withSketch).toReversed();
}

function numbers(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, n) => from + n);
}

function existing(page: IndexPage | undefined): IndexPage {
  if (page === undefined) throw new Error("a page of the index is missing");
  return page;
}
