import type { Lease, StockRun } from "../protocol.ts";

/** A lease as far as it is used: cards before `next` are issued. */
export interface HeldLease extends Lease {
  readonly next: number;
}

export interface StockCard {
  readonly prize: string;
  readonly segment: string;
  readonly position: number;
  readonly code: string | null;
}

/**
 * A walk through the leases held, in their order, but for those that have closed. It changes nothing but itself: `held()` is what to keep once the
 * cards are stored.
 */
export class StockCursor {
  #leases: readonly HeldLease[];
  readonly #closed: readonly HeldLease[];
  readonly #moved = new Set<number>();

  constructor(leases: readonly HeldLease[], nowMs: number) {
    const closed = leases.filter((lease) => isClosed(lease, nowMs));
    this.#closed = closed;
    this.#leases = closed.length === 0 ? leases : leases.filter((lease) => !isClosed(lease, nowMs));
  }

  take(): StockCard | null {
    const [lease, ...rest] = this.#leases;
    if (lease === undefined) return null;
    const { next } = lease;
    const prize = lease.prizes[lease.ordinals[next] ?? -1];
    if (prize === undefined) throw new Error("a lease holds an ordinal without a prize");
    const card = { prize, segment: lease.segment, position: lease.start + next, code: lease.codes?.[next] ?? null };
    this.#moved.add(lease.lease);
    this.#leases = next + 1 < lease.ordinals.length ? [{ ...lease, next: next + 1 }, ...rest] : rest;
    return card;
  }

  /** The leases that still hold cards. */
  held(): readonly HeldLease[] {
    return this.#closed.length === 0 ? this.#leases : [...this.#leases, ...this.#closed];
  }

  /** Leases that cards were taken from: their new `next`, or null when nothing is left. */
  moved(): { readonly lease: number; readonly next: number | null }[] {
    return [...this.#moved].map((lease) => ({ lease, next: this.#leases.find((held) => held.lease === lease)?.next ?? null }));
  }
}

/** What is left of a lease, as a run to give back. */
export function runOf({ segment, start, prizes, ordinals, codes, next }: HeldLease): StockRun {
  return { segment, start: start + next, prizes, ordinals: ordinals.slice(next), codes: codes?.slice(next) ?? null };
}

/** Cards per prize of some runs. */
export function countPrizes(runs: readonly StockRun[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { ordinals, prizes } of runs) {
    for (const ordinal of ordinals) {
      const prize = prizes[ordinal] ?? "";
      counts[prize] = (counts[prize] ?? 0) + 1;
    }
  }
  return counts;
}

function isClosed({ closesAtMs }: HeldLease, nowMs: number): boolean {
  return closesAtMs !== null && closesAtMs <= nowMs;
}

/** Cards that may be issued now. */
export function cardsHeld(leases: readonly HeldLease[], nowMs: number): number {
  return leases.reduce((sum, lease) => (isClosed(lease, nowMs) ? sum : sum + lease.ordinals.length - lease.next), 0);
}
