import { describe, expect, it } from "vitest";
import { seededRandom } from "../../soak/random.ts";
import { PLAIN_SEGMENT } from "../protocol.ts";
import type { ManifestEntry } from "../protocol.ts";
import { chiSquare, onceInAThousand } from "./chi-square.fixture.ts";
import { shuffleDeck } from "./deck.ts";
import { chooseLease } from "./leases.ts";
import type { LeasableSegment } from "./leases.ts";
import { countOrdinals } from "./ordinals.ts";
import { deckSeed } from "./seeds.ts";

/** A million cards: winners of one in a thousand, in a hundred, in ten, and what is left. Seeds are fixed: these tests cannot flicker. */
const MANIFEST: readonly ManifestEntry[] = [
  { prize: "grand", quantity: 1_000 },
  { prize: "large", quantity: 10_000 },
  { prize: "small", quantity: 100_000 },
  { prize: "thanks", quantity: 889_000 },
];
const CARDS = 1_000_000;
const SEEDS = [1, 2, 3].map((n) => new Uint8Array(32).fill(n));

const emptyTable = (rows: number, columns: number) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => 0));

function count(table: number[][], row: number, column: number): void {
  const counts = table[row] ?? [];
  counts[column] = (counts[column] ?? 0) + 1;
}

/** Segments of one size, as the pool leases them; `next` is its cursor in each. */
const segmentsOf = (next: readonly number[], size: number): LeasableSegment[] =>
  next.map((at, segment) => ({
    segment,
    size,
    decks: 1,
    next: at,
    options: PLAIN_SEGMENT,
    moments: null,
    opensAtMs: null,
    closesAtMs: null,
  }));

function leaseOf(segments: readonly LeasableSegment[], ask: { shards: number; want: number; random: number }) {
  const lease = chooseLease(segments, [], { ...ask, nowMs: 0 });
  if (lease === null || lease.from !== "segment") throw new Error("there is stock and no lease");
  return lease;
}

describe("a million cards", () => {
  it("win as often at every position of the deck (chi-square, 50 bins)", () => {
    for (const seed of SEEDS) {
      const deck = shuffleDeck(MANIFEST, seed);
      const bins = 50;
      const seen = emptyTable(MANIFEST.length, bins);
      for (let position = 0; position < CARDS; position++) count(seen, deck[position] ?? 0, Math.floor((position * bins) / CARDS));
      const { statistic, freedom } = chiSquare(seen);
      expect(freedom).toBe(147);
      expect(statistic).toBeLessThan(onceInAThousand(freedom));
    }
  });

  it("win as often at every shard, and each is dealt exactly once (chi-square, 8 shards)", () => {
    for (const [i, seed] of SEEDS.entries()) {
      const deck = shuffleDeck(MANIFEST, seed);
      const shards = 8;
      const seen = emptyTable(MANIFEST.length, shards);
      const dealt = new Uint8Array(CARDS);
      const random = seededRandom(i);
      for (let next = 0; next < CARDS;) {
        const shard = random.int(0, shards - 1);
        const { start, cards } = leaseOf(segmentsOf([next], CARDS), { shards, want: random.int(16, 600), random: random.next() });
        for (const [at, ordinal] of deck.subarray(start, start + cards).entries()) {
          count(seen, ordinal, shard);
          dealt[start + at] = (dealt[start + at] ?? 0) + 1;
        }
        next = start + cards;
      }
      expect(dealt.every((times) => times === 1)).toBe(true);
      expect(seen.map((row) => row.reduce((sum, n) => sum + n, 0))).toEqual(MANIFEST.map(({ quantity }) => quantity));
      const { statistic, freedom } = chiSquare(seen);
      expect(freedom).toBe(21);
      expect(statistic).toBeLessThan(onceInAThousand(freedom));
    }
  });

  it("of two files are dealt as one stock: neither file's come sooner (chi-square, 20 bins)", () => {
    // A lease is of one file: what is independent is leases, not cards. So they are made of one card here.
    const bins = 20;
    const seen = emptyTable(2, bins);
    const random = seededRandom(7);
    const next = [0, 0];
    const cards = 100_000;
    const size = cards / 2;
    for (let dealt = 0; dealt < cards; dealt++) {
      const lease = leaseOf(segmentsOf(next, size), { shards: 1, want: 1, random: random.next() });
      count(seen, lease.segment, Math.floor((dealt * bins) / cards));
      next[lease.segment] = lease.start + lease.cards;
    }
    expect(next).toEqual([size, size]);
    const { statistic, freedom } = chiSquare(seen);
    expect(statistic).toBeLessThan(onceInAThousand(freedom));
  });

  it("are dealt as exactly, and in another order, in every further deck of odds mode", () => {
    const [seed = new Uint8Array(32)] = SEEDS;
    const decks = [0, 1, 2].map((n) => shuffleDeck(MANIFEST, deckSeed(seed, n)));
    for (const deck of decks) expect(countOrdinals(deck, MANIFEST.length)).toEqual(MANIFEST.map(({ quantity }) => quantity));
    const [first = new Uint16Array(), second = new Uint16Array()] = decks;
    // That a winner stands at a position of one deck says nothing of the next deck.
    const seen = emptyTable(2, 2);
    for (let position = 0; position < CARDS; position++) count(seen, first[position] === 3 ? 0 : 1, second[position] === 3 ? 0 : 1);
    expect(chiSquare(seen).statistic).toBeLessThan(10.83);
  });
});

describe("the chi-square of a table", () => {
  it("is nothing where all is as expected, and beyond chance where it is not", () => {
    expect(
      chiSquare([
        [10, 20],
        [30, 60],
      ]),
    ).toEqual({ statistic: 0, freedom: 1 });
    const loaded = chiSquare([
      [60, 40],
      [940, 960],
    ]);
    expect(loaded.statistic).toBeCloseTo(4.21, 2);
  });

  it("is exceeded once in a thousand where the tables say so", () => {
    const table = [
      [10, 29.588],
      [21, 46.797],
      [30, 59.703],
      [100, 149.449],
    ] as const;
    for (const [freedom, value] of table) expect(Math.abs(onceInAThousand(freedom) / value - 1)).toBeLessThan(0.01);
  });
});
