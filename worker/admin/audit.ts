import { createHash } from "node:crypto";
import { desc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { BatchItem } from "drizzle-orm/batch";
import { inEach } from "../ledger/ledgers.ts";
import type { Ledger } from "../ledger/ledgers.ts";
import { audit } from "../ledger/schema.ts";

export type AuditEntry = typeof audit.$inferSelect;

/** One write of an operator. `before` and `after` are what the subject was and is, null where it was or is nothing; never a secret. */
export interface Act {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** `prev` of the first entry. */
const FIRST_PREV = "0".repeat(64);

/** SHA-256, hex, of `prev` and the entry as JSON of its other fields in this order: https://www.rfc-editor.org/rfc/rfc8785 would sort what here never varies. */
export function auditHash({ entry, at, actor, action, subject, before, after, prev }: Omit<AuditEntry, "hash">): string {
  return createHash("sha256").update(prev).update(JSON.stringify({ entry, at, actor, action, subject, before, after })).digest("hex");
}

/** The entry that follows `last`. */
export function nextEntry(
  last: Pick<AuditEntry, "entry" | "hash"> | null,
  { actor, action, subject, before, after }: Act,
  nowMs: number,
): AuditEntry {
  const entry = {
    entry: (last?.entry ?? 0) + 1,
    at: nowMs,
    actor,
    action,
    subject,
    before: before === null ? null : JSON.stringify(before),
    after: after === null ? null : JSON.stringify(after),
    prev: last?.hash ?? FIRST_PREV,
  };
  return { ...entry, hash: auditHash(entry) };
}

/** The number of the first of these entries (in ascending order) that was changed, or follows one that is missing; null when the chain holds. */
export function firstBreak(entries: readonly AuditEntry[]): number | null {
  let last: AuditEntry | null = null;
  for (const entry of entries) {
    if (!follows(last, entry) || auditHash(entry) !== entry.hash) return entry.entry;
    last = entry;
  }
  return null;
}

function follows(last: AuditEntry | null, entry: AuditEntry): boolean {
  if (last !== null) return entry.entry === last.entry + 1 && entry.prev === last.hash;
  return entry.entry !== 1 || entry.prev === FIRST_PREV;
}

/** What an operator's write does to D1, and how it is told. */
export interface AuditedWrite<Result> {
  readonly act: Act;
  readonly statements: readonly BatchItem<"sqlite">[];
  readonly result: Result;
}

/** Operators are few: so many of them do not write within the same instant. */
const MAX_TRIES = 20;

/**
 * Makes a write together with its audit entry, in one transaction. Two writes that read the same last entry want the same number; one of them then fails as a
 * whole, and `plan` is asked anew: so what `plan` reads is still so when its statements are applied.
 */
export async function writeAudited<Result>(
  ledger: D1Database,
  plan: (db: DrizzleD1Database) => Promise<AuditedWrite<Result>>,
  nowMs: number = Date.now(),
): Promise<Result> {
  const db = drizzle(ledger);
  for (let tries = 1; ; tries++) {
    const [last] = await db.select({ entry: audit.entry, hash: audit.hash }).from(audit).orderBy(desc(audit.entry)).limit(1);
    const { act, statements, result } = await plan(db);
    const entry = db.insert(audit).values(nextEntry(last ?? null, act, nowMs));
    try {
      await db.batch([entry, ...statements]);
      return result;
    } catch (error) {
      if (tries === MAX_TRIES || !isTakenNumber(error)) throw error;
    }
  }
}

/** A write of an operator to one of several ledgers. */
export interface LedgerWrite {
  readonly ledger: Ledger;
  readonly statements: readonly BatchItem<"sqlite">[];
}

/** A write of an operator to settled ledgers, and how it is told. */
export interface SpanningWrite<Result> {
  readonly act: Act;
  readonly writes: readonly LedgerWrite[];
  readonly result: Result;
}

/**
 * The same where what is written may be in other ledgers than the audit: what is in the register is one transaction with the entry, and the others follow on it.
 * So nothing is done that is not told; what the entry tells and a ledger that was away has not done is to be asked for again, when this rejects.
 */
export async function writeAuditedIn<Result>(
  env: Pick<Env, "LEDGER">,
  plan: () => Promise<SpanningWrite<Result>>,
  nowMs: number = Date.now(),
): Promise<Result> {
  const { result, further } = await writeAudited(
    env.LEDGER,
    async () => {
      const { act, writes, result: planned } = await plan();
      const own = writes.filter(({ ledger }) => ledger.nth === 0).flatMap(({ statements }) => statements);
      return { act, statements: own, result: { result: planned, further: writes.filter(({ ledger }) => ledger.nth !== 0) } };
    },
    nowMs,
  );
  await inEach(further, async ({ ledger, statements: [first, ...others] }) => {
    if (first !== undefined) await drizzle(ledger.LEDGER).batch([first, ...others]);
  });
  return result;
}

function isTakenNumber(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.includes("UNIQUE constraint failed: audit.entry")) return true;
  }
  return false;
}
