import type { core } from "zod";
import { WHOLE_FILE, writePath } from "./faults.ts";
import type { CampaignFault, CampaignFaultCode } from "./faults.ts";
import { locateJson } from "./locate-json.ts";
import { campaignFileSchema } from "./schema.ts";
import type { CampaignFile } from "./schema.ts";

/** The file goes into one D1 value, whose limit is 2 MB, with its defaults filled in. */
export const MAX_CAMPAIGN_FILE_BYTES = 1_000_000;
/** Faults named of one file; who has more will look at these first. */
const MAX_FAULTS = 1_000;

export type ParsedCampaign =
  /** `lineOf` says which line of the file a JSON path stands in. */
  | { readonly status: "parsed"; readonly file: CampaignFile; readonly lineOf: (at: string) => number | undefined }
  | { readonly status: "refused"; readonly faults: readonly CampaignFault[] };

/** Reads the bytes of a `campaign.json`: the file with its defaults filled in, or everything that is wrong with it, each with its place and line. */
export function parseCampaign(bytes: Uint8Array): ParsedCampaign {
  if (bytes.length > MAX_CAMPAIGN_FILE_BYTES) return refuse("file_too_large", `more than ${MAX_CAMPAIGN_FILE_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return refuse("not_utf8", "the file is not UTF-8");
  }
  if (text.trim() === "") return refuse("empty_file", "the file is empty");
  const located = locateJson(text);
  if (located.status === "malformed") return refuse("not_json", located.message, located.line);
  if (located.repeated.length > 0) {
    const faults = located.repeated.map(({ at, line }): CampaignFault => ({ code: "duplicate_field", at, line, message: "named before" }));
    return { status: "refused", faults: faults.slice(0, MAX_FAULTS) };
  }
  const lineOf = (at: string) => nearestLine(located.lines, at);
  const parsed = campaignFileSchema.safeParse(JSON.parse(text));
  if (parsed.success) return { status: "parsed", file: parsed.data, lineOf };
  const faults = parsed.error.issues
    .flatMap((issue) => faultsOfIssue(issue, located.lines))
    .map((fault) => withLine(fault, lineOf(fault.at)));
  return { status: "refused", faults: faults.slice(0, MAX_FAULTS) };
}

/** The fault with its line, where one is known. */
export function withLine(fault: CampaignFault, line: number | undefined): CampaignFault {
  return line === undefined ? fault : { ...fault, line };
}

function refuse(code: CampaignFaultCode, message: string, line?: number): ParsedCampaign {
  return { status: "refused", faults: [withLine({ code, at: WHOLE_FILE, message }, line)] };
}

function faultsOfIssue(issue: core.$ZodIssue, lines: ReadonlyMap<string, number>): CampaignFault[] {
  const at = writePath(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ code: "unknown_field", at: writePath([...issue.path, key]), message: "unknown field" }));
    case "invalid_key":
      return [{ code: "invalid_field", at, message: issue.issues.map(({ message }) => message).join("; ") }];
    case "custom":
      return [{ code: (issue.params?.["code"] as CampaignFaultCode | undefined) ?? "invalid_field", at, message: issue.message }];
    default:
      return lines.has(at)
        ? [{ code: "invalid_field", at, message: issue.message }]
        : [{ code: "missing_field", at, message: "this field is missing" }];
  }
}

/** The line of a path, or of the nearest value around it: a missing field has none of its own. */
function nearestLine(lines: ReadonlyMap<string, number>, at: string): number | undefined {
  for (let place = at; place !== ""; place = place.replace(/(^|\.)[^.[\]]*$|\[\d+\]$/, "")) {
    const line = lines.get(place);
    if (line !== undefined) return line;
  }
  return lines.get(WHOLE_FILE);
}
