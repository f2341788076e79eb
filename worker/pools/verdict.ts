import type { Faults, PoolFault } from "./faults.ts";

/** What came of reading an object. */
export type Verdict =
  /** `cards`: of a pool file. */
  { readonly status: "imported"; readonly cards: number | null } | ({ readonly status: "refused" } & Faults);

/** The object holds something else by now, or another import of it got in between: it has to be looked at again. */
export interface Overtaken {
  readonly status: "overtaken";
}

/** Not all is read yet. What has been is kept. */
export interface UnderWay {
  readonly status: "under_way";
  /** To be taken up again. False: another importer is at it. */
  readonly waits: boolean;
}

export const OVERTAKEN: Overtaken = { status: "overtaken" };

export function refused(...faults: readonly PoolFault[]): Verdict {
  return { status: "refused", faults, more: 0 };
}
