import fc from "fast-check";
import { expect, it } from "vitest";
import { CardIndex } from "./card-index.ts";
import type { Stretch, StoredIndex } from "./card-index.ts";
import { keysOf } from "./index-keys.ts";
import type { IndexPage } from "./index-pages.ts";
import type { IndexSketch } from "./index-sketch.ts";
import type { NewStretch } from "./storage/stored-index.ts";

interface Card {
  readonly seq: number;
  readonly requestId: string;
  readonly recipient: string | null;
}

/** Cards, pages and stretches as they would be stored. */
class Stored implements StoredIndex {
  readonly cards: Card[] = [];
  #pages = new Map<number, IndexPage>();
  #stretches: { readonly stretch: Stretch; readonly sketch: IndexSketch }[] = [];
  /** Pages that were asked for. */
  read = 0;
  /** Pages that were stored, dropped ones too. */
  written = 0;
  #indexed = 0;

  indexedSeq(): number {
    return this.#indexed;
  }
  markIndexed(seq: number): void {
    this.#indexed = seq;
  }
  cardsAfter(seq: number, limit: number): Card[] {
    return this.cards.slice(seq, seq + limit);
  }
  stretches(): Stretch[] {
    return this.#stretches.map(({ stretch }) => stretch);
  }
  sketch({ firstPage }: Stretch): IndexSketch {
    return this.#stretches.find(({ stretch }) => stretch.firstPage === firstPage)?.sketch ?? new Uint8Array();
  }
  addStretch(stretch: NewStretch, pages: readonly IndexPage[]): Stretch {
    const firstPage = Math.max(0, ...this.#pages.keys()) + 1;
    for (const [nth, entries] of pages.entries()) this.#pages.set(firstPage + nth, entries.slice());
    this.written += pages.length;
    this.#stretches.push({ stretch: { ...stretch, firstPage, sketch: null }, sketch: stretch.sketch });
    return { ...stretch, firstPage };
  }
  dropStretches(stretches: readonly Stretch[]): void {
    for (const { firstPage, bounds } of stretches) {
      for (let page = firstPage; page < firstPage + bounds.length - 1; page++) this.#pages.delete(page);
      this.#stretches = this.#stretches.filter(({ stretch }) => stretch.firstPage !== firstPage);
    }
  }
  pages(pages: readonly number[]): Map<number, IndexPage> {
    this.read += pages.length;
    return new Map(pages.flatMap((page) => (this.#pages.has(page) ? [[page, this.#pages.get(page) as IndexPage]] : [])));
  }
  get pageCount(): number {
    return this.#pages.size;
  }

  issue(index: CardIndex, cards: readonly Card[]): void {
    index.add(this.cards.length + 1, keysOf(cards));
    this.cards.push(...cards);
  }
}

const byRequest = (requestId: string) => keysOf([{ requestId, recipient: null }]).requests;
const byRecipient = (recipient: string) => keysOf([{ requestId: "", recipient }]).recipients;
const both = (...keys: readonly Float64Array[]) => Float64Array.from(keys.flatMap((some) => [...some]));

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant("issue" as const), cards: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 3, arbitrary: fc.constant({ type: "store" as const }) },
    { weight: 1, arbitrary: fc.constant({ type: "restart" as const }) },
  ),
  { maxLength: 60 },
);

it("finds every card of a request and of a recipient, stored or not, merged or not, and after a restart", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 200 }), (all, recipients) => {
      const stored = new Stored();
      const open = () => new CardIndex(stored);
      let index = open();
      for (const step of all) {
        if (step.type === "restart") index = open();
        else if (step.type === "store") index.store();
        else {
          const from = stored.cards.length + 1;
          const cardOf = (_: unknown, i: number): Card => {
            const seq = from + i;
            return { seq, requestId: `request ${seq}`, recipient: seq % 3 === 0 ? null : `recipient ${seq % recipients}` };
          };
          stored.issue(index, Array.from({ length: step.cards }, cardOf));
        }
      }
      for (const card of [...stored.cards.slice(0, 20), ...stored.cards.slice(-20)]) {
        expect(index.find(byRequest(card.requestId))).toEqual([card.seq]);
        if (card.recipient === null) continue;
        const own = stored.cards.filter(({ recipient }) => recipient === card.recipient).map(({ seq }) => seq);
        expect(index.find(byRecipient(card.recipient)).toSorted((a, b) => a - b)).toEqual(own);
      }
      expect(index.find(both(byRequest("never asked"), byRecipient("nobody")))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it("reads the cards after the last stored run again, however many they are", () => {
  const stored = new Stored();
  for (let seq = 1; seq <= 150_000; seq++) stored.cards.push({ seq, requestId: `request ${seq}`, recipient: null });
  const index = new CardIndex(stored);
  expect(stored.indexedSeq()).toBeGreaterThan(80_000);
  for (const seq of [1, 4_096, 4_097, 65_536, 65_537, 150_000]) expect(index.find(byRequest(`request ${seq}`))).toEqual([seq]);
});

it("writes the index twice at the most, and reads hardly one for what was never asked before, however many cards there are", () => {
  const stored = new Stored();
  const index = new CardIndex(stored);
  const CARDS = 800_000;
  for (let seq = 1; seq <= CARDS; seq++) {
    stored.issue(index, [{ seq, requestId: `request ${seq}`, recipient: `recipient ${seq}` }]);
    if (index.isFull) index.store();
  }
  expect(stored.pageCount).toBeLessThan(2 * (CARDS / 250) + 50);
  expect(stored.written).toBeLessThan(2 * stored.pageCount + 50);
  for (const again of [index, new CardIndex(stored)]) {
    const before = stored.read;
    const asked = both(...Array.from({ length: 10_000 }, (_, i) => [byRequest(`new ${i}`), byRecipient(`new ${i}`)]).flat());
    expect(again.find(asked)).toEqual([]);
    expect(stored.read - before).toBeLessThan(900);
    for (const seq of [1, 123_456, 555_555, CARDS]) {
      expect(again.find(both(byRequest(`request ${seq}`), byRecipient(`recipient ${seq}`)))).toEqual([seq]);
    }
  }
}, 60_000);
