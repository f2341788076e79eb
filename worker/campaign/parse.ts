import type { core } from "zod";
import { isUtf16 } from "./encoding.ts";
import { WHOLE_FILE, writePath } from "./faults.ts";
import type { CampaignFault, CampaignFaultCode, UnlocatedFault } from "./faults.ts";
import { locateJson } from "./locate-json.ts";
import { campaignFileSchema } from "./schema.ts";
import type { CampaignFile } from "./schema.ts";

/** The file goes into one D1 value, whose limit is 2 MB, with its defaults filled in. */
export const MAX_CAMPAIGN_FILE_BYTES = 1_000_000;
/** Faults named of one file; who has more will look at these first. */
const MAX_FAULTS = 1_000;

export type ParsedCampaign =
  /** `locate` finds the line of what is found to be wrong with the file later. */
  | { readonly status: "parsed"; readonly file: CampaignFile; readonly locate: (fault: UnlocatedFault) => CampaignFault }
  | { readonly status: "refused"; readonly faults: readonly CampaignFault[] };

/** Reads the bytes of a `campaign.json`: the file with its defaults filled in, or everything that is wrong with it, each with its place and line. */
export function parseCampaign(bytes: Uint8Array): ParsedCampaign {
  if (bytes.length > MAX_CAMPAIGN_FILE_BYTES) return refuse("file_too_large", `more than ${MAX_CAMPAIGN_FILE_BYTES} bytes`);
  if (isUtf16(bytes)) return refuse("not_utf8", "the file is UTF-16, and must be UTF-8: save it as UTF-8");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return refuse("not_utf8", "the file must be UTF-8, and is not");
  }
  if (text.trim() === "") return refuse("empty_file", "the file is empty");
  const located = locateJson(text);
  if (located.status === "malformed") return refuse("not_json", located.message, located.line);
  const misnamed = [
    ...located.repeated.map(({ at, line }): CampaignFault => ({ code: "duplicate_field", at, line, message: "named before" })),
    // The schema would not see it: whoever copies an object takes this name for something else.
    ...located.protos.map(({ at, line }): CampaignFault => ({ code: "unknown_field", at, line, message: "no field may have this name" })),
  ];
  if (misnamed.length > 0) return { status: "refused", faults: misnamed.slice(0, MAX_FAULTS) };
  const { lines } = located;
  const locate = (fault: UnlocatedFault) => locateFault(lines, fault);
  const parsed = campaignFileSchema.safeParse(JSON.parse(text));
  if (parsed.success) return { status: "parsed", file: parsed.data, locate };
  const faults = parsed.error.issues.flatMap((issue) => faultsOfIssue(issue, lines)).slice(0, MAX_FAULTS);
  return { status: "refused", faults: faults.map(locate) };
}

function refuse(code: CampaignFaultCode, message: string, line?: number): ParsedCampaign {
  return { status: "refused", faults: [{ code, at: WHOLE_FILE, message, ...(line === undefined ? {} : { line }) }] };
}

function faultsOfIssue(issue: core.$ZodIssue, lines: ReadonlyMap<string, number>): UnlocatedFault[] {
  const { path, message } = issue;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ code: "unknown_field", path: [...path, key], message: "unknown field" }));
    case "invalid_key":
      return [{ code: "invalid_field", path, message: issue.issues.map((one) => one.message).join("; ") }];
    case "custom":
      return [{ code: (issue.params?.["code"] as CampaignFaultCode | undefined) ?? "invalid_field", path, message }];
    default:
      return lines.has(writePath(path))
        ? [{ code: "invalid_field", path, message }]
        : [{ code: "missing_field", path, message: "this field is missing" }];
  }
}

/** The fault with its line, or that of the nearest value around it: a missing field has none of its own. */
function locateFault(lines: ReadonlyMap<string, number>, { code, path, message }: UnlocatedFault): CampaignFault {
  const around = Array.from({ length: path.length + 1 }, (_, up) => lines.get(writePath(path.slice(0, path.length - up))));
  const line = around.find((one) => one !== undefined);
  return { code, at: writePath(path), message, ...(line === undefined ? {} : { line }) };
}
