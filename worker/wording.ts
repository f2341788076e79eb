import { z } from "zod";

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
  null: "null",
};

/** Of values, by their number. */
const UNITS: Readonly<Record<string, string>> = { string: "characters", array: "entries" };

const FORMATS: Readonly<Record<string, string>> = {
  datetime: "a time like 2027-02-05T20:00:00+08:00",
  url: "an address",
  email: "an e-mail address",
};

const OTHER_FORM = "is not of the form that this takes";

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** What a value must be that is not, wherever the schema itself does not say it: zod's sentences in our words. */
function wordIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
      if (issue.origin === "array" && issue.minimum === 1) return "must have an entry";
      return bound(issue.origin, issue.inclusive === false ? "above" : "at least", issue.minimum);
    case "too_big":
      return bound(issue.origin, issue.inclusive === false ? "below" : "at most", issue.maximum);
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "invalid_format":
      return FORMATS[issue.format] === undefined ? OTHER_FORM : `must be ${FORMATS[issue.format]}`;
    case "invalid_union":
      return Array.isArray(issue["options"]) ? `must be ${oneOf(issue["options"])}` : OTHER_FORM;
    case "unrecognized_keys":
      return "unknown field";
    default:
      return OTHER_FORM;
  }
}

function bound(origin: string, how: string, limit: number | bigint): string {
  const unit = UNITS[origin];
  return unit === undefined ? `must be a number ${how.startsWith("at") ? "of " : ""}${how} ${limit}` : `must have ${how} ${limit} ${unit}`;
}

function oneOf(values: readonly unknown[]): string {
  const [only, ...others] = values.map(String);
  return others.length === 0 ? String(only) : `one of ${[only, ...others].join(", ")}`;
}

function kindOf(input: unknown): string {
  if (input === undefined) return "missing";
  if (input === null) return "null";
  if (Array.isArray(input)) return "a list";
  return KINDS[typeof input] ?? typeof input;
}

z.config({ customError: wordIssue });
