import { HTTPException } from "hono/http-exception";
import type { Context } from "hono";
import type { z } from "zod";

/** The closed list of the sandbox's own error codes: HTTP status and title of each. LINE's routes answer in LINE's form instead. */
const PROBLEMS = {
  invalid_request: [400, "The request is not of the form that this call takes"],
  signature_invalid: [401, "The webhook's signature was not accepted"],
  not_found: [404, "The sandbox has nothing at this address"],
  idempotency_conflict: [409, "This webhook-id was used for another reward"],
  body_too_large: [413, "The body is larger than this call takes"],
  fault_injected: [500, "Failing on demand"],
  internal: [500, "A bug of the sandbox"],
  sandbox_full: [507, "The sandbox holds as many grants as it can"],
} as const;

type SandboxProblemCode = keyof typeof PROBLEMS;

interface Fault {
  readonly at: string;
  readonly message: string;
}

/** Thrown by a route of the sandbox; `answerError` makes it RFC 9457. */
export class SandboxProblem extends Error {
  override readonly name = "SandboxProblem";
  readonly code: SandboxProblemCode;
  readonly errors: readonly Fault[];

  constructor(code: SandboxProblemCode, detail?: string, errors: readonly Fault[] = []) {
    super(detail ?? PROBLEMS[code][1]);
    this.code = code;
    this.errors = errors;
  }
}

/** The problem as `application/problem+json`. */
export function problemResponse(problem: SandboxProblem): Response {
  const [status, title] = PROBLEMS[problem.code];
  const document = {
    type: `https://kuji.dev/problems/sandbox/${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    ...(problem.errors.length === 0 ? {} : { errors: problem.errors }),
  };
  return Response.json(document, { status, headers: { "content-type": "application/problem+json; charset=utf-8" } });
}

/** Hono's `onError`. Anything but a `SandboxProblem` is a bug of the sandbox; its stack goes to the terminal. */
export function answerError(error: Error, _c: Context): Response {
  if (error instanceof SandboxProblem) return problemResponse(error);
  if (error instanceof HTTPException) return problemResponse(new SandboxProblem("invalid_request", error.message));
  console.error("sandbox:", error);
  return problemResponse(new SandboxProblem("internal"));
}

/** `text` as JSON of the form of `schema`. Throws `invalid_request` with the place of each fault. */
export function parseJson<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SandboxProblem("invalid_request", "the body is not JSON");
  }
  return parseValue(value, schema, "the body");
}

/** `value` in the form of `schema`. Throws `invalid_request`; `what` begins its detail. */
export function parseValue<T extends z.ZodType>(value: unknown, schema: T, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({ at: issue.path.join("."), message: issue.message }));
  const first = errors.map(({ at, message }) => (at === "" ? message : `${at}: ${message}`)).join("; ");
  throw new SandboxProblem("invalid_request", `${what} was not accepted: ${first}`, errors);
}
