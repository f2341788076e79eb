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
  | "segment_in_stock";

/** `at` is a JSON path such as `prizes[2].id`, or `file` for the whole. */
export interface CampaignFault extends Fault {
  readonly code: CampaignFaultCode;
}

export const WHOLE_FILE = "file";

/** `["prizes", 2, "id"]` → `prizes[2].id`. */
export function writePath(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return text === "" ? WHOLE_FILE : text.replace(/^\./, "");
}
