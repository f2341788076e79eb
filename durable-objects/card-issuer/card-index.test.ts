import fc from "fast-check";
import { expect, it } from "vitest";
import { CardIndex } from "./card-index.ts";
import type { IndexedCard, StoredIndex } from "./card-index.ts";
import type { IndexPage, PageStart } from "./index-pages.ts";

/** Cards and pages as they would be stored. */
class Stored implements StoredIndex {
  readonly cards: IndexedCard[] = [];
  readonly pages = new Map<number, IndexPage>();
  /** Pages that were asked for. */
  read = 0;
  #indexed = 0;
  #last = 0;

  indexStarts(): PageStart[] {
    const starts = [...this.pages].map(([page, entries]) => ({ page, hash: entries[0] ?? 0, seq: entries[1] ?? 0 }));
    return starts.toSorted((a, b) => a.hash - b.hash || a.seq - b.seq);
  }
  indexedSeq(): number {
    return this.#indexed;
  }
  cardsAfter(seq: number, limit: number): IndexedCard[] {
    return this.cards.slice(seq, seq + limit);
  }
  indexPages(pages: readonly number[]): Map<number, IndexPage> {
    this.read += pages.length;
    return new Map(pages.map((page) => [page, this.pages.get(page) ?? new Float64Array()]));
  }
  saveIndexPage(page: number | null, entries: IndexPage): PageStart {
    const number = page ?? (this.#last += 1);
    this.pages.set(number, entries.slice());
    return { page: number, hash: entries[0] ?? 0, seq: entries[1] ?? 0 };
  }
  markIndexed(seq: number): void {
    this.#indexed = seq;
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant("issue" as const), cards: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 3, arbitrary: fc.constant({ type: "store" as const }) },
    { weight: 1, arbitrary: fc.constant({ type: "restart" as const }) },
  ),
  { maxLength: 30 },
);

it("finds every card of a request and of a recipient, stored or not, and after a restart", () => {
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
          const cards = Array.from({ length: step.cards }, (_, i): IndexedCard => {
            const seq = from + i;
            return { seq, requestId: `request ${seq}`, recipient: seq % 3 === 0 ? null : `recipient ${seq % recipients}` };
          });
          stored.cards.push(...cards);
          index.add(cards);
        }
      }
      for (const card of [...stored.cards.slice(0, 20), ...stored.cards.slice(-20)]) {
        expect(index.find([card.requestId], [])).toEqual([card.seq]);
        if (card.recipient === null) continue;
        const own = stored.cards.filter(({ recipient }) => recipient === card.recipient).map(({ seq }) => seq);
        expect(index.find([], [card.recipient]).toSorted((a, b) => a - b)).toEqual(own);
      }
      expect(index.find(["never asked"], ["nobody"])).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

it("reads the cards after the last stored batch again, however many they are", () => {
  const stored = new Stored();
  for (let seq = 1; seq <= 80_000; seq++) stored.cards.push({ seq, requestId: `request ${seq}`, recipient: null });
  const index = new CardIndex(stored);
  expect(stored.indexedSeq()).toBeGreaterThan(40_000);
  for (const seq of [1, 4_096, 4_097, 32_768, 32_769, 80_000]) expect(index.find([`request ${seq}`], [])).toEqual([seq]);
});

it("reads hardly a page for what was never asked before, however many there are", () => {
  const stored = new Stored();
  const index = new CardIndex(stored);
  const CARDS = 600_000;
  for (let seq = 1; seq <= CARDS; seq++) {
    const card = { seq, requestId: `request ${seq}`, recipient: `recipient ${seq}` };
    stored.cards.push(card);
    index.add([card]);
    if (index.isFull) index.store();
  }
  // More than are kept in memory: 16 MB of them.
  expect(stored.pages.size).toBeGreaterThan(4_000);
  const before = stored.read;
  const asked = Array.from({ length: 10_000 }, (_, i) => `new ${i}`);
  expect(index.find(asked, asked)).toEqual([]);
  expect(stored.read - before).toBeLessThan(300);
  for (const seq of [1, 123_456, 555_555, CARDS]) expect(index.find([`request ${seq}`], [`recipient ${seq}`])).toEqual([seq]);
}, 60_000);
