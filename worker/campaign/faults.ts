import type { Fault } from "../problem.ts";

/** The closed list of what can be wrong with a campaign file. */
export type CampaignFaultCode =
  | "empty_file"
  | "file_too_large"
  | "not_utf8"
  | "not_json"
  | "duplicate_field"
  | "missing_field"
  | "unknown_field"
  | "invalid_field"
  // What contradicts itself:
  | "ends_before_start"
  | "duplicate_prize"
  | "missing_param"
  | "invalid_param"
  | "unknown_fallback"
  | "fallback_has_codes"
  | "limits_contradict"
  | "schedule_impossible"
  // What contradicts its surroundings:
  | "id_differs"
  | "unknown_provider"
  | "prize_in_stock"
  | "segment_in_stock"
  | "codes_repeat"
  | "fallback_fixed";

/** `at` is a JSON path such as `prizes[2].id`, or `file` for the whole. */
export interface CampaignFault extends Fault {
  readonly code: CampaignFaultCode;
}

/** A fault whose line is still to be looked up, by the path to where it is. */
export interface UnlocatedFault {
  readonly code: CampaignFaultCode;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export const WHOLE_FILE = "file";

/** Other names would read as more than one step, or as none. */
const PLAIN_NAME = /^[\p{L}\p{N}_$-]+$/u;

/** `["prizes", 2, "id"]` → `prizes[2].id`, `["pools", "first.csv"]` → `pools["first.csv"]`: different paths are written differently. */
export function writePath(path: readonly PropertyKey[]): string {
  const text = path.map(writeStep).join("");
  return text === "" ? WHOLE_FILE : text.replace(/^\./, "");
}

function writeStep(step: PropertyKey): string {
  if (typeof step === "number") return `[${step}]`;
  const name = String(step);
  return PLAIN_NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
