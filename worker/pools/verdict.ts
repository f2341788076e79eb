import type { Faults, PoolFault } from "./faults.ts";

/** What came of reading an object. */
export type Verdict =
  /** `cards`: of a pool file. */
  { readonly status: "imported"; readonly cards: number | null } | ({ readonly status: "refused" } & Faults);

export function refused(...faults: readonly PoolFault[]): Verdict {
  return { status: "refused", faults, more: 0 };
}
