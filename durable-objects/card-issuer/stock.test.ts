import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cardsHeld, countPrizes, runOf, StockCursor } from "./stock.ts";
import type { HeldLease } from "./stock.ts";

const NOW_MS = 1_000;
const PRIZES = ["win", "code", "thanks"];

/** Leases of one segment, one behind the other, some closed, some partly used; every card of `code` with a code of its own. */
const leasesOf = fc
  .array(
    fc.record({
      ordinals: fc.array(fc.nat(PRIZES.length - 1), { minLength: 1, maxLength: 8 }),
      used: fc.nat(7),
      closesAtMs: fc.constantFrom(null, null, NOW_MS, NOW_MS + 1),
    }),
    { maxLength: 6 },
  )
  .map((rows) => {
    let start = 0;
    return rows.map(({ ordinals, used, closesAtMs }, lease): HeldLease => {
      const from = start;
      start += ordinals.length;
      const codes = ordinals.map((ordinal, i) => (ordinal === 1 ? `CODE-${from + i}` : null));
      const next = Math.min(used, ordinals.length - 1);
      const run = { segment: "first.csv", start: from, prizes: PRIZES, ordinals: Uint16Array.from(ordinals), codes };
      return { ...run, lease, closesAtMs, first: false, next };
    });
  });

const isOpen = ({ closesAtMs }: HeldLease) => closesAtMs === null || closesAtMs > NOW_MS;

/** Positions, with their prizes and codes, that leases still hold. */
const placesOf = (leases: readonly HeldLease[]) =>
  leases
    .map(runOf)
    .flatMap(({ start, prizes, ordinals, codes }) =>
      [...ordinals].map((ordinal, i) => ({ position: start + i, prize: prizes[ordinal], code: codes?.[i] ?? null })),
    );
const byPosition = (a: { readonly position: number }, b: { readonly position: number }) => a.position - b.position;

describe("the stock that an issuer holds", () => {
  it("is taken card by card: what was taken and what is left are what was there, none of it twice, nothing that has closed", () => {
    fc.assert(
      fc.property(leasesOf, fc.nat(50), (leases, wanted) => {
        const cursor = new StockCursor(leases, NOW_MS);
        const taken = Array.from({ length: wanted }, () => cursor.take()).filter((card) => card !== null);
        expect(taken).toHaveLength(Math.min(wanted, cardsHeld(leases, NOW_MS)));
        expect(taken.map(({ position, prize, code }) => ({ position, prize, code }))).toEqual(
          placesOf(leases.filter(isOpen)).slice(0, taken.length),
        );
        const left = placesOf(cursor.held());
        const all = [...taken.map(({ position, prize, code }) => ({ position, prize, code })), ...left];
        expect(all.toSorted(byPosition)).toEqual(placesOf(leases).toSorted(byPosition));
        expect(cardsHeld(cursor.held(), NOW_MS)).toBe(cardsHeld(leases, NOW_MS) - taken.length);
      }),
    );
  });

  it("is, loaded again by what its cards tell and without the leases that were emptied, what was held", () => {
    fc.assert(
      fc.property(leasesOf, fc.nat(50), (leases, wanted) => {
        const cursor = new StockCursor(leases, NOW_MS);
        const taken = Array.from({ length: wanted }, () => cursor.take()).filter((card) => card !== null);
        const emptied = cursor.emptied();
        const loaded = leases
          .filter(({ lease }) => !emptied.includes(lease))
          .map((lease): HeldLease => {
            const own = taken.map(({ position }) => position - lease.start).filter((place) => place >= 0 && place < lease.ordinals.length);
            return { ...lease, next: Math.max(lease.next, ...own.map((place) => place + 1)) };
          });
        expect(placesOf(loaded).toSorted(byPosition)).toEqual(placesOf(cursor.held()).toSorted(byPosition));
        expect(loaded.every(({ next, ordinals }) => next < ordinals.length)).toBe(true);
      }),
    );
  });

  it("is counted by prize as it is given back", () => {
    fc.assert(
      fc.property(leasesOf, (leases) => {
        const counts = countPrizes(leases.map(runOf));
        const places = placesOf(leases);
        for (const prize of PRIZES) expect(counts[prize] ?? 0).toBe(places.filter((place) => place.prize === prize).length);
      }),
    );
  });
});
