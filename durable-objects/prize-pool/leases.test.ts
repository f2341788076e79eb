import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN_SEGMENT } from "../protocol.ts";
import { chooseLease, MAX_LEASE_CARDS } from "./leases.ts";
import type { LeasableSegment } from "./leases.ts";
import { laterCardsAt } from "./segment.ts";

const segment = (over: Partial<LeasableSegment>): LeasableSegment => ({
  segment: 1,
  size: 100,
  decks: 1,
  next: 0,
  options: PLAIN_SEGMENT,
  moments: null,
  opensAtMs: null,
  closesAtMs: null,
  ...over,
});
const ask = { shards: 4, want: 50, nowMs: 1_000, random: 0 };
const segmentOf = (choice: ReturnType<typeof chooseLease>) => (choice?.from === "segment" ? choice.segment : null);

describe("the next lease", () => {
  it("begins where the last one ended, and never passes the segment's end", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(5_000),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 50_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (size, used, shards, want, random) => {
          const next = Math.min(used, size);
          const lease = chooseLease([segment({ size, next })], [], { shards, want, nowMs: 0, random });
          const fair = Math.max(1, Math.min(want, MAX_LEASE_CARDS, Math.floor((size - next) / (2 * shards))));
          const cards = Math.min(fair, size - next);
          const low = size - next - fair < 4 * shards;
          expect(lease).toEqual(next === size ? null : { from: "segment", segment: 1, start: next, cards, low });
        },
      ),
    );
  });

  it("never overlaps another, in whatever order stock is asked for and given back, and all of it is dealt", () => {
    const step = fc.record({ shards: fc.integer({ min: 1, max: 8 }), want: fc.integer({ min: 1, max: 40 }), gives: fc.nat(9) });
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(sizes, fc.constantFrom(1, 3), fc.array(fc.tuple(step, random), { maxLength: 60 }), (all, maxDecks, steps) => {
        const options = { ...PLAIN_SEGMENT, repeat: maxDecks === 1 ? null : { maxDecks } };
        const segments = all.map((size, i) => segment({ segment: i, size, decks: maxDecks, options }));
        const held = new Set<string>();
        const returned: { run: number; segment: number; start: number; cards: number }[] = [];
        const leases: { segment: number; start: number; cards: number }[] = [];
        const take = (want: number, shards: number, at: number) => {
          const choice = chooseLease(segments, returned, { shards, want, nowMs: 0, random: at });
          if (choice === null) return false;
          expect(choice.cards).toBeGreaterThan(0);
          expect(choice.cards).toBeLessThanOrEqual(want);
          const from = choice.from === "segment" ? choice : returned.find(({ run }) => run === choice.run);
          if (from === undefined) throw new Error("there is no such run");
          const lease = { segment: from.segment, start: from.start, cards: choice.cards };
          const size = all[lease.segment] ?? 0;
          expect(Math.floor(lease.start / size)).toBe(Math.floor((lease.start + lease.cards - 1) / size));
          if (choice.from === "segment") {
            segments[lease.segment] = { ...(segments[lease.segment] ?? segment({})), next: lease.start + lease.cards };
          } else {
            const run = returned.shift();
            if (run !== undefined && run.cards > choice.cards)
              returned.unshift({ ...run, start: run.start + choice.cards, cards: run.cards - choice.cards });
          }
          for (let card = lease.start; card < lease.start + lease.cards; card++) {
            expect(held.has(`${lease.segment}/${card}`)).toBe(false);
            held.add(`${lease.segment}/${card}`);
          }
          leases.push(lease);
          return true;
        };
        for (const [n, [{ shards, want, gives }, at]] of steps.entries()) {
          take(want, shards, at);
          const back = gives === 0 ? leases.shift() : undefined;
          if (back === undefined) continue;
          returned.push({ run: n, ...back });
          for (let card = back.start; card < back.start + back.cards; card++) held.delete(`${back.segment}/${card}`);
        }
        while (take(40, 1, 0.5));
        expect(held.size).toBe(all.reduce((sum, size) => sum + size * maxDecks, 0));
      }),
    );
  });

  it("shrinks with the stock, so that no issuer holds much of the last of it", () => {
    expect(chooseLease([segment({ size: 800 })], [], ask)).toMatchObject({ cards: 50, low: false });
    expect(chooseLease([segment({ size: 80 })], [], ask)).toMatchObject({ cards: 10, low: false });
    expect(chooseLease([segment({ size: 3 })], [], ask)).toMatchObject({ cards: 1, low: true });
  });

  it("leaves out segments that are not open yet, closed already, or used up", () => {
    const closedOnes = [segment({ opensAtMs: 2_000 }), segment({ closesAtMs: 1_000 }), segment({ next: 100 })];
    expect(chooseLease(closedOnes, [], ask)).toBeNull();
    expect(closedOnes.map((closed) => laterCardsAt(closed, ask.nowMs))).toEqual([2_000, null, null]);
    expect(closedOnes.map((closed) => laterCardsAt(closed, 2_000))).toEqual([null, null, null]);
    expect(segmentOf(chooseLease([...closedOnes, segment({ segment: 9, opensAtMs: 1_000, closesAtMs: 1_001 })], [], ask))).toBe(9);
  });

  it("mixes open segments in proportion to what each has left", () => {
    const segments = [segment({ segment: 1, size: 300 }), segment({ segment: 2, size: 100 })];
    const chosen = Array.from({ length: 1_000 }, (_, i) => segmentOf(chooseLease(segments, [], { ...ask, random: i / 1_000 })));
    expect(chosen.filter((n) => n === 1)).toHaveLength(750);
  });

  it("hands out what came back before what is fresh, unless its segment is not open", () => {
    const returned = [{ run: 7, segment: 1, cards: 3 }];
    expect(chooseLease([segment({})], returned, ask)).toMatchObject({ from: "returned", run: 7, cards: 3 });
    expect(chooseLease([segment({ next: 100 })], returned, ask)).toMatchObject({ from: "returned", run: 7, cards: 1 });
    expect(chooseLease([segment({ closesAtMs: 1_000 })], returned, ask)).toBeNull();
  });
});
