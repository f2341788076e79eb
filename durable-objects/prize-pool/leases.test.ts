import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN_SEGMENT } from "../protocol.ts";
import { chooseLease, MAX_LEASE_CARDS } from "./leases.ts";
import type { LeasableSegment } from "./leases.ts";
import { hasLaterCards } from "./segment.ts";

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

  it("shrinks with the stock, so that no issuer holds much of the last of it", () => {
    expect(chooseLease([segment({ size: 800 })], [], ask)).toMatchObject({ cards: 50, low: false });
    expect(chooseLease([segment({ size: 80 })], [], ask)).toMatchObject({ cards: 10, low: false });
    expect(chooseLease([segment({ size: 3 })], [], ask)).toMatchObject({ cards: 1, low: true });
  });

  it("leaves out segments that are not open yet, closed already, or used up", () => {
    const closedOnes = [segment({ opensAtMs: 2_000 }), segment({ closesAtMs: 1_000 }), segment({ next: 100 })];
    expect(chooseLease(closedOnes, [], ask)).toBeNull();
    expect(closedOnes.map((closed) => hasLaterCards(closed, ask.nowMs))).toEqual([true, false, false]);
    expect(closedOnes.map((closed) => hasLaterCards(closed, 2_000))).toEqual([false, false, false]);
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
