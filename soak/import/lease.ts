import { callJson } from "../../scripts/api-call.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";

/** A lease as `soak/import/worker/index.ts` tells it. */
export type ProbedLease =
  | { readonly status: "empty" | "campaign_unknown" }
  | {
      readonly status: "granted";
      readonly segment: string;
      readonly start: number;
      /** Per prize. */
      readonly cards: Readonly<Record<string, number>>;
      readonly codes: readonly string[];
    };

/** The most that a lease holds. */
export const LEASE_CARDS = 20_000;

/** Leases of one campaign, as its first issuer would ask for them; nobody else does, for the campaign has not started. */
export class Leases {
  readonly #base: string;
  #request = 0;

  constructor(house: ServedHouse, campaign: string) {
    this.#base = `${house.appOrigin}/probe/${campaign}/lease`;
  }

  /** The next lease, and how long it took. */
  async next(want: number): Promise<{ readonly lease: ProbedLease; readonly ms: number }> {
    this.#request += 1;
    return await this.again(want);
  }

  /** The last one again. */
  async again(want: number): Promise<{ readonly lease: ProbedLease; readonly ms: number }> {
    const startedAt = performance.now();
    const lease = await callJson<ProbedLease>(`${this.#base}/${this.#request}/${want}`);
    return { lease, ms: performance.now() - startedAt };
  }
}

/** Of times: the middle one, the one that 99 in 100 do not exceed, and the longest, as text. */
export function spread(times: readonly number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms of ${sorted.length}`;
}
