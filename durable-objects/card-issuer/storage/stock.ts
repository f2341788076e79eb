import type { Giveback, Lease, StockRun } from "../../protocol.ts";
import type { HeldLease } from "../stock.ts";

interface LeaseRecord extends Record<string, SqlStorageValue> {
  lease: number;
  segment: string;
  start: number;
  next: number;
  prizes: string;
  ordinals: ArrayBuffer;
  codes: string | null;
  closes_at: number | null;
  first: number;
  used: number | null;
}

/** The leases held, and what goes back to the pool. */
export class StockStorage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The leases held. How far one is used, its cards tell: of those issued since it came, the last of its run. */
  leases(): HeldLease[] {
    return this.#sql
      .exec<LeaseRecord>(
        `SELECT lease, segment, start, next, prizes, ordinals, codes, closes_at, first,
           (SELECT max(position) + 1 - start FROM cards
            WHERE cards.seq >= first_seq AND cards.segment = leases.segment AND position >= start AND position < start + length(ordinals) / 2) AS used
         FROM leases ORDER BY first DESC, lease`,
      )
      .toArray()
      .map(({ closes_at, first, used, ...row }) => ({
        ...row,
        next: Math.max(row.next, used ?? 0),
        closesAtMs: closes_at,
        first: first === 1,
        prizes: JSON.parse(row.prizes) as string[],
        ordinals: new Uint16Array(row.ordinals),
        codes: row.codes === null ? null : (JSON.parse(row.codes) as (string | null)[]),
      }));
  }

  /** Stores a lease and counts its request as answered, so that the next request asks for more. */
  addLease(lease: Lease): void {
    this.#insertLease(lease);
    this.#sql.exec("UPDATE issuer SET lease_request = lease_request + 1");
  }

  /** Stores a lease that nobody asked for, unless it was delivered before; tells whether it is new. */
  addDelivered(lease: Lease): boolean {
    const isNew = this.#sql.exec("INSERT OR IGNORE INTO delivered (lease) VALUES (?) RETURNING lease", lease.lease).toArray().length > 0;
    if (isNew) this.#insertLease(lease);
    return isNew;
  }

  #insertLease(lease: Lease): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO leases (lease, segment, start, next, prizes, ordinals, codes, closes_at, first, first_seq)
       VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, (SELECT coalesce(max(seq), 0) + 1 FROM cards))`,
      lease.lease,
      lease.segment,
      lease.start,
      JSON.stringify(lease.prizes),
      lease.ordinals.slice().buffer,
      lease.codes === null ? null : JSON.stringify(lease.codes),
      lease.closesAtMs,
      lease.first ? 1 : 0,
    );
  }

  dropLeases(): void {
    this.#sql.exec("DELETE FROM leases");
  }

  /** Forgets leases that hold no card any more. */
  dropEmptied(leases: readonly number[]): void {
    for (const lease of leases) this.#sql.exec("DELETE FROM leases WHERE lease = ?", lease);
  }

  /** Keeps stock that goes back to the pool under the next number, until the pool has it. */
  giveBack(runs: readonly StockRun[]): void {
    const { giveback } = this.#sql.exec<{ giveback: number }>("UPDATE issuer SET giveback = giveback + 1 RETURNING giveback").one();
    const json = JSON.stringify(runs.map((run) => ({ ...run, ordinals: [...run.ordinals] })));
    this.#sql.exec("INSERT INTO givebacks (giveback, runs) VALUES (?, ?)", giveback, json);
  }

  givebacks(): Giveback[] {
    return this.#sql
      .exec<{ giveback: number; runs: string }>("SELECT giveback, runs FROM givebacks ORDER BY giveback")
      .toArray()
      .map(({ giveback, runs }) => {
        const stored = JSON.parse(runs) as (Omit<StockRun, "ordinals"> & { readonly ordinals: readonly number[] })[];
        return { giveback, runs: stored.map((run) => ({ ...run, ordinals: Uint16Array.from(run.ordinals) })) };
      });
  }

  dropGivebacks(taken: number): void {
    this.#sql.exec("DELETE FROM givebacks WHERE giveback <= ?", taken);
  }
}
