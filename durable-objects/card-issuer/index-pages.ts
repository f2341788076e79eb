/** Entries of a page, two doubles each: with its head it fits in one of SQLite's 4,096 bytes. */
export const MAX_PAGE_ENTRIES = 250;
/** Doubles that an entry takes: a hash, and the number of a card. */
export const WIDTH = 2;

/** Entries of the index in the order of (hash, seq), one after the other in one array: as they are stored. */
export type IndexPage = Float64Array<ArrayBuffer>;

/** Cuts sorted entries into pages, all but the last of them full. */
export function cutPages(sorted: IndexPage): IndexPage[] {
  const pages: IndexPage[] = [];
  for (let from = 0; from < sorted.length; from += MAX_PAGE_ENTRIES * WIDTH)
    pages.push(sorted.slice(from, from + MAX_PAGE_ENTRIES * WIDTH));
  return pages;
}

/** Appends to `found` the numbers of the cards that `page` has under `hash`. */
export function findInPage(page: IndexPage, hash: number, found: number[]): void {
  let [low, high] = [0, page.length / WIDTH];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((page[middle * WIDTH] as number) < hash) low = middle + 1;
    else high = middle;
  }
  for (let at = low * WIDTH; page[at] === hash; at += WIDTH) found.push(page[at + 1] as number);
}

/** Where each page begins, and where the last ends: hashes. */
export function boundsOf(pages: readonly IndexPage[]): IndexPage {
  return Float64Array.from([...pages.map(([first]) => first ?? 0), pages.at(-1)?.at(-WIDTH) ?? 0]);
}

/** Which of the pages with these bounds may hold `hash`: from the first to before the second; more than one where its entries stand on several. */
export function pagesWith(bounds: IndexPage, hash: number): readonly [number, number] {
  const pages = bounds.length - 1;
  if (!(hash >= (bounds[0] as number) && hash <= (bounds[pages] as number))) return [0, 0];
  let [low, high] = [0, pages];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  const first = Math.max(0, low - 1);
  let end = low;
  while (end < pages && bounds[end] === hash) end++;
  return [first, Math.max(end, first + 1)];
}

/** One after the other the pages of a run, which is sorted as a whole. */
export type PageSource = Iterator<IndexPage, unknown, void>;

/** Merges runs into one, and gives it in pieces of `pieceEntries`; of each run it holds no more than a page. */
export function* mergeRuns(sources: readonly PageSource[], pieceEntries: number): Generator<IndexPage> {
  const heads = sources.flatMap((source) => new RunHead(source).orNone());
  let piece = new Float64Array(pieceEntries * WIDTH);
  let length = 0;
  while (heads.length > 0) {
    let least = 0;
    for (let n = 1; n < heads.length; n++) if ((heads[n] as RunHead).isBefore(heads[least] as RunHead)) least = n;
    const head = heads[least] as RunHead;
    piece[length] = head.hash;
    piece[length + 1] = head.seq;
    length += WIDTH;
    if (!head.next()) heads.splice(least, 1);
    if (length < piece.length) continue;
    yield piece;
    piece = new Float64Array(pieceEntries * WIDTH);
    length = 0;
  }
  if (length > 0) yield piece.slice(0, length);
}

/** The next entry of a run. */
class RunHead {
  readonly #source: PageSource;
  #page: IndexPage = new Float64Array();
  #at = 0;
  hash = 0;
  seq = 0;

  constructor(source: PageSource) {
    this.#source = source;
  }

  orNone(): RunHead[] {
    return this.next() ? [this] : [];
  }

  isBefore(other: RunHead): boolean {
    return this.hash < other.hash || (this.hash === other.hash && this.seq < other.seq);
  }

  next(): boolean {
    while (this.#at >= this.#page.length) {
      const { done, value } = this.#source.next();
      if (done === true) return false;
      this.#page = value;
      this.#at = 0;
    }
    this.hash = this.#page[this.#at] as number;
    this.seq = this.#page[this.#at + 1] as number;
    this.#at += WIDTH;
    return true;
  }
}
