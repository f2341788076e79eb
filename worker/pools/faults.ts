import type { CampaignFaultCode } from "../campaign/faults.ts";
import type { Fault } from "../problem.ts";

/** The closed list of what can be wrong with a prize-pool file, beside what is in the list of campaign files. */
export type PoolFaultCode =
  | CampaignFaultCode
  // The object:
  | "unknown_key"
  | "invalid_campaign_id"
  | "campaign_unknown"
  | "segment_immutable"
  // The file as CSV:
  | "no_rows"
  | "invalid_quote"
  | "row_too_long"
  | "truncated_row"
  | "missing_column"
  | "unknown_column"
  | "duplicate_column"
  | "column_count"
  // Its rows:
  | "missing_prize"
  | "unknown_prize"
  | "missing_quantity"
  | "quantity_not_whole"
  | "quantity_not_positive"
  | "quantity_too_big"
  | "segment_too_big"
  | "missing_code"
  | "unexpected_code"
  | "code_quantity"
  | "invalid_code"
  | "duplicate_code"
  | "invalid_instant"
  | "window_empty"
  | "window_differs";

/** `at` is a column's name, `row`, `header` or `file`; of a campaign file a JSON path. No prize code stands in a message. */
export interface PoolFault extends Fault {
  readonly code: PoolFaultCode;
}

/** Refusals that another upload of the same campaign can undo: these files are tried again after the next import there. */
export const FAULTS_THAT_MAY_PASS: readonly PoolFaultCode[] = [
  "campaign_unknown",
  "unknown_prize",
  "missing_code",
  "unexpected_code",
  "duplicate_code",
  "prize_in_stock",
  "segment_in_stock",
  "schedule_impossible",
  "codes_repeat",
];

/** Faults named of one file; of a file with more, their number is told. */
export const MAX_FAULTS = 1_000;

export interface Faults {
  readonly faults: readonly PoolFault[];
  /** Faults beyond those named. */
  readonly more: number;
}

/** Collects faults up to the bound, and counts the rest. */
export class FaultList implements Faults {
  readonly faults: PoolFault[];
  more: number;

  constructor({ faults, more }: Faults = { faults: [], more: 0 }) {
    this.faults = [...faults];
    this.more = more;
  }

  /** Names the fault unless there are `named` already. */
  add(fault: PoolFault, named: number = MAX_FAULTS): void {
    if (this.faults.length < named) this.faults.push(fault);
    else this.more++;
  }
}
