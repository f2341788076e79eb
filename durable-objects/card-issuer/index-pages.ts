/** Entries of a page, two doubles each: with its head it fits in one of SQLite's 4,096 bytes. Past it the page is cut in two. */
export const MAX_PAGE_ENTRIES = 250;
/** Doubles that an entry takes: a hash, and the number of a card. */
const WIDTH = 2;
/** Below the number of any card. */
const BEFORE_ALL = -1;

/** Entries of the index in the order of (hash, seq), one after the other in one array: as they are stored. */
export type IndexPage = Float64Array<ArrayBuffer>;

/** Where a page begins. */
export interface PageStart {
  readonly page: number;
  readonly hash: number;
  readonly seq: number;
}

const LANES = [0xdeadbeef, 0x41c6ce57] as const;

/** 53 bits of `text` (cyrb53, public domain); `kind` keeps texts of different meaning apart. No secret: who looks up an entry compares the text itself. */
export function hashKey(kind: number, text: string): number {
  let [a, b] = [LANES[0] ^ kind, LANES[1] ^ kind];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2_654_435_761);
    b = Math.imul(b ^ unit, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0);
}

/** Number in `starts` of the page that (hash, seq) belongs to; 0 where there is none. The first page holds whatever comes before the second. */
export function pageOf(starts: readonly PageStart[], hash: number, seq: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const start = starts[middle] as PageStart;
    if (start.hash < hash || (start.hash === hash && start.seq <= seq)) low = middle;
    else high = middle;
  }
  return low;
}

/** Appends to `found` the numbers of the cards that `page` has under `hash`. */
export function findInPage(page: IndexPage, hash: number, found: number[]): void {
  for (let i = firstAfter(page, 0, hash, BEFORE_ALL); page[i] === hash; i += WIDTH) found.push(page[i + 1] as number);
}

/** The entries of `page` and of the few `more` as one, in order: what stands between two of the few is copied as it is. */
export function mergePages(page: IndexPage, more: IndexPage): IndexPage {
  const merged = new Float64Array(page.length + more.length);
  let from = 0;
  for (let at = 0; at < more.length; at += WIDTH) {
    const to = firstAfter(page, from, more[at] as number, more[at + 1] as number);
    merged.set(page.subarray(from, to), from + at);
    merged.set(more.subarray(at, at + WIDTH), to + at);
    from = to;
  }
  merged.set(page.subarray(from), from + more.length);
  return merged;
}

/** Where, from `from` on, the first entry stands that comes after (hash, seq). */
function firstAfter(page: IndexPage, from: number, hash: number, seq: number): number {
  let [low, high] = [from / WIDTH, page.length / WIDTH];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = page[middle * WIDTH] as number;
    if (there < hash || (there === hash && (page[middle * WIDTH + 1] as number) <= seq)) low = middle + 1;
    else high = middle;
  }
  return low * WIDTH;
}

/** Cuts a page that has grown too large into even pieces, half full. */
export function cutPage(page: IndexPage): IndexPage[] {
  const entries = page.length / WIDTH;
  if (entries <= MAX_PAGE_ENTRIES) return [page];
  const pieces = Math.ceil(entries / (MAX_PAGE_ENTRIES / 2));
  return Array.from({ length: pieces }, (_, n) => {
    const bound = (piece: number) => Math.floor((entries * piece) / pieces) * WIDTH;
    return page.slice(bound(n), bound(n + 1));
  });
}

/** Cuts sorted entries where the pages of `starts` do: for each page that is concerned, its number in `starts` and what is new in it. */
export function spread(starts: readonly PageStart[], sorted: IndexPage): { readonly nth: number; readonly entries: IndexPage }[] {
  const parts: { nth: number; entries: IndexPage }[] = [];
  for (let from = 0; from < sorted.length;) {
    const nth = pageOf(starts, sorted[from] as number, sorted[from + 1] as number);
    const next = starts[nth + 1];
    const to = next === undefined ? sorted.length : endBefore(sorted, from + WIDTH, next);
    parts.push({ nth, entries: sorted.subarray(from, to) });
    from = to;
  }
  return parts;
}

/** Where, from `at` on, the entries end that come before `start`. */
function endBefore(sorted: IndexPage, at: number, { hash, seq }: PageStart): number {
  let end = at;
  while (end < sorted.length && ((sorted[end] as number) < hash || (sorted[end] === hash && (sorted[end + 1] as number) < seq)))
    end += WIDTH;
  return end;
}
