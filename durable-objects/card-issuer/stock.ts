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
  readonly #open: readonly HeldLease[];
  readonly #closed: readonly HeldLease[];
  /** The lease that the next card is from, and where in it. */
  #at = 0;
  #next: number;

  constructor(leases: readonly HeldLease[], nowMs: number) {
    const closed = leases.filter((lease) => isClosed(lease, nowMs));
    this.#closed = closed;
    this.#open = closed.length === 0 ? leases : leases.filter((lease) => !isClosed(lease, nowMs));
    this.#next = this.#open[0]?.next ?? 0;
  }

  take(): StockCard | null {
    const lease = this.#open[this.#at];
    if (lease === undefined) return null;
    const next = this.#next;
    const prize = lease.prizes[lease.ordinals[next] ?? -1];
    if (prize === undefined) throw new Error("a lease holds an ordinal without a prize");
    this.#next += 1;
    if (this.#next >= lease.ordinals.length) {
      this.#at += 1;
      this.#next = this.#open[this.#at]?.next ?? 0;
    }
    return { prize, segment: lease.segment, position: lease.start + next, code: lease.codes?.[next] ?? null };
  }

  /** The leases that still hold cards. */
  held(): readonly HeldLease[] {
    const [current, ...rest] = this.#open.slice(this.#at);
    return current === undefined ? this.#closed : [{ ...current, next: this.#next }, ...rest, ...this.#closed];
  }

  /** Leases whose last card was taken. */
  emptied(): number[] {
    return this.#open.slice(0, this.#at).map(({ lease }) => lease);
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
