import { DrizzleQueryError } from "drizzle-orm/errors";

/** An error for the log. Drizzle's own message repeats the parameters of its query, which may be a card's or a user's id: its cause says what went wrong. */
export function errorText(error: unknown): string {
  if (error instanceof DrizzleQueryError) return errorText(error.cause ?? "a query failed");
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
