import { parseRetryAfter } from "../../durable-objects/retry-after.ts";

/** Client errors that say "not now" rather than "not like this": Request Timeout, Too Early, Too Many Requests. */
export const PASSING_CLIENT_ERRORS: ReadonlySet<number> = new Set([408, 425, 429]);

/** For how long a provider wishes not to be called, by 429 or 503 with `Retry-After`; nothing where it does not say. */
export function wishedPause({ status, headers }: Response, nowMs: number): { readonly afterMs?: number } {
  const afterMs = status === 429 || status === 503 ? parseRetryAfter(headers.get("retry-after"), nowMs) : null;
  return afterMs === null ? {} : { afterMs };
}
