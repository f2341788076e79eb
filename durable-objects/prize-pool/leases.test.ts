import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseLease, MAX_LEASE_CARDS } from "./leases.ts";
import type { LeasableSegment } from "./leases.ts";

const segment = (over: Partial<LeasableSegment>): LeasableSegment => ({
  segment: 1,
  size: 100,
  next: 0,
  opensAtMs: null,
  closesAtMs: null,
  ...over,
});
const ask = { shards: 4, want: 50, nowMs: 1_000, random: 0 };

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
          const lease = chooseLease([segment({ size, next })], { shards, want, nowMs: 0, random });
          const fair = Math.max(1, Math.min(want, MAX_LEASE_CARDS, Math.floor((size - next) / (2 * shards))));
          expect(lease).toEqual(next === size ? null : { segment: 1, start: next, cards: Math.min(fair, size - next) });
        },
      ),
    );
  });

  it("shrinks with the stock, so that no issuer holds much of the last of it", () => {
    expect(chooseLease([segment({ size: 800 })], ask)?.cards).toBe(50);
    expect(chooseLease([segment({ size: 80 })], ask)?.cards).toBe(10);
    expect(chooseLease([segment({ size: 3 })], ask)?.cards).toBe(1);
  });

  it("leaves out segments that are not open yet, closed already, or used up", () => {
    const closedOnes = [segment({ opensAtMs: 2_000 }), segment({ closesAtMs: 1_000 }), segment({ next: 100 })];
    expect(chooseLease(closedOnes, ask)).toBeNull();
    expect(chooseLease([...closedOnes, segment({ segment: 9, opensAtMs: 1_000, closesAtMs: 1_001 })], ask)?.segment).toBe(9);
  });

  it("mixes open segments in proportion to what each has left", () => {
    const segments = [segment({ segment: 1, size: 300 }), segment({ segment: 2, size: 100 })];
    const chosen = Array.from({ length: 1_000 }, (_, i) => chooseLease(segments, { ...ask, random: i / 1_000 })?.segment);
    expect(chosen.filter((n) => n === 1)).toHaveLength(750);
  });
});
