import type { ValidationTargets } from "hono";
import type { core, ZodError } from "zod";
import { Problem } from "../problem.ts";
import type { Fault } from "../problem.ts";
import "../wording.ts";

/** Faults named in one answer; a body of 500 bad items need not be answered with 500 faults. */
const MAX_FAULTS = 20;

const PLACES: Readonly<Record<string, string>> = { param: "path ", query: "query ", header: "header " } satisfies Partial<
  Record<keyof ValidationTargets, string>
>;

/** `["draws", 3, "requestId"]` → `draws[3].requestId`; the whole is `body`. */
function written(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return text === "" ? "body" : text.replace(/^\./, "");
}

/** zod's issues as faults: where, and what is asked for; never the value that was sent. */
export function faultsOf(issues: readonly core.$ZodIssue[], place = ""): Fault[] {
  return issues
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ at: place + written([...issue.path, key]), message: "unknown field" }))
        : [{ at: place + written(issue.path), message: issue.message }],
    )
    .slice(0, MAX_FAULTS);
}

type Validated = { readonly target: keyof ValidationTargets } & (
  | { readonly success: true }
  | { readonly success: false; readonly error: ZodError }
);

/** The default hook of every route: what fails its schema is `invalid_request`, with the places. */
export function refuseFaults(result: Validated): void {
  if (!result.success) throw new Problem("invalid_request", undefined, { errors: faultsOf(result.error.issues, PLACES[result.target]) });
}
