import { HTTPException } from "hono/http-exception";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { errorText } from "./error-text.ts";

/** The closed list of error codes: HTTP status and title of each. */
export const PROBLEMS = {
  invalid_request: [400, "The request is not of the form that this call takes"],
  signature_invalid: [401, "The request's signature was not accepted"],
  line_token_invalid: [401, "The LINE ID token was not accepted"],
  session_invalid: [401, "The session was not accepted"],
  access_token_invalid: [401, "The Cloudflare Access token was not accepted"],
  forbidden: [403, "This role may not do that"],
  not_found: [404, "There is nothing at this address"],
  campaign_not_found: [404, "There is no such campaign"],
  card_not_found: [404, "There is no such card"],
  partner_not_found: [404, "There is no such partner"],
  key_not_found: [404, "The partner has no such key"],
  endpoint_not_found: [404, "The partner has no such webhook endpoint"],
  block_not_found: [404, "There is no such block that was refused"],
  method_not_allowed: [405, "This address does not take that method"],
  not_revealed: [409, "The card has not been revealed yet"],
  not_redeemed: [409, "The card has not been redeemed yet"],
  already_redeemed: [409, "The card has been redeemed"],
  already_used: [409, "The coupon has been used"],
  card_expired: [409, "The card has expired"],
  card_voided: [409, "The card has been voided"],
  campaign_state: [409, "The campaign is not in a state that allows this"],
  ledger_rebuilding: [409, "The campaign's ledger is being rebuilt"],
  key_exists: [409, "There is a key of this id"],
  too_many_keys: [409, "The partner has as many live keys as it may have"],
  endpoint_disabled: [409, "The webhook endpoint is disabled"],
  too_many_endpoints: [409, "The partner has as many live webhook endpoints as it may have"],
  body_too_large: [413, "The body is larger than this call takes"],
  unsupported_media_type: [415, "The body must be application/json"],
  rate_limited: [429, "Too many requests; please wait a moment"],
  setting_missing: [500, "A setting is missing or malformed"],
  internal: [500, "Something went wrong on our side"],
  overloaded: [503, "Too many people at once; please try again in a moment"],
  not_ready: [503, "A part that Kuji needs does not answer"],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Where a request is at fault: a JSON path below the body, a header, a query or path parameter; for a file, its line. */
export interface Fault {
  readonly at: string;
  readonly message: string;
  readonly line?: number;
}

export interface ProblemExtras {
  readonly errors?: readonly Fault[];
  /** Seconds for `Retry-After`; jittered when it is not given, for `rate_limited` and `overloaded`. */
  readonly retryAfterSeconds?: number;
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Thrown anywhere at the edge; `app.onError` answers it. `detail` is shown to the caller: no secret, token or user id in it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail?: string, extras: ProblemExtras = {}) {
    super(detail ?? PROBLEMS[code][1]);
    this.code = code;
    this.extras = extras;
  }
}

const PROBLEM_TYPE_BASE = "https://kuji.dev/problems/";
/** Spreads the callers that come back, so that they do not come back at once. */
const RETRY_AFTER_MIN_SECONDS = 1;
const RETRY_AFTER_SPREAD_SECONDS = 4;

/** The RFC 9457 document of a problem, as a response. The only place that formats an error. */
export function problemResponse(problem: Problem, random: () => number = Math.random): Response {
  const [status, title] = PROBLEMS[problem.code];
  const headers = new Headers({ "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store" });
  if (status === 429 || status === 503) {
    const seconds = problem.extras.retryAfterSeconds ?? RETRY_AFTER_MIN_SECONDS + Math.floor(random() * RETRY_AFTER_SPREAD_SECONDS);
    headers.set("retry-after", String(seconds));
  }
  const body = {
    type: PROBLEM_TYPE_BASE + problem.code,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    ...(problem.extras.errors === undefined ? {} : { errors: problem.extras.errors }),
    ...problem.extras.members,
  };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Hono's `onError`: a `Problem` is answered as it says; anything else is a bug, logged, and answered with nothing of the inside. */
export function answerError(error: Error, c: Context): Response {
  if (error instanceof Problem) return problemResponse(error);
  if (error instanceof HTTPException && error.status < 500) {
    return problemResponse(new Problem("invalid_request", error.message));
  }
  console.error(JSON.stringify({ message: "unhandled error", method: c.req.method, path: c.req.routePath, error: errorText(error) }));
  return problemResponse(new Problem("internal"));
}
