import { createHash } from "node:crypto";
import { z } from "zod";

/** Rows read at a time: some megabytes, and a tenth of a second. */
const SLICE_ROWS = 10_000;

/** What of a table is a campaign's content. */
interface Content {
  readonly table: string;
  /** What of the table's primary key tells the campaign's rows apart: along it they are walked. */
  readonly key: readonly string[];
  /** Below the key of a campaign's first row. */
  readonly start: (campaign: string) => readonly (string | number)[];
  readonly columns: readonly string[];
  /** Condition on rows that belong to the content. */
  readonly only?: string;
}

const CONTENTS: readonly Content[] = [
  {
    table: "cards",
    key: ["card"],
    start: () => [""],
    columns: (
      "card shard version state prize request recipient line_user metadata segment position code " +
      "issued_at expires_at revealed_at redeemed_at used_at ended_at store returned"
    ).split(" "),
  },
  { table: "rewards", key: ["card"], start: () => [""], columns: ["card", "prize", "kind", "line_user", "recipient", "created_at"] },
  {
    table: "minute_counters",
    key: ["campaign", "minute", "type", "prize"],
    start: (campaign) => [campaign, 0, "", ""],
    columns: ["minute", "type", "prize", "count"],
    only: "type NOT LIKE 'reward%'",
  },
];

/** How far a content hash has come. */
export const hashCursorSchema = z.strictObject({
  /** Of `CONTENTS`; behind the last, the hash is whole. */
  table: z.int().min(0),
  /** Key of the last row that was looked at; null: none of this table yet. */
  after: z.array(z.union([z.string(), z.int()])).nullable(),
  /** Of all that was looked at. */
  hash: z.string(),
});

export type HashCursor = z.output<typeof hashCursorSchema>;

export const FIRST_HASH: HashCursor = { table: 0, after: null, hash: "" };

/**
 * SHA-256, hex, of what a campaign's ledger says: the same for two ledgers that were settled from the same cards, whatever was lost, doubled or reordered on the
 * way, and however often either was rebuilt.
 *
 * It covers what follows from the issuers' cards: each card with its state, owner, place, code and times; each reward as it was promised (to whom, of what, when);
 * and how many events of each kind and prize each minute had, which alone tells that a block was applied twice. It leaves out what depends on when or how
 * often something was tried or settled (`blocks`; of a reward its status, attempts, errors, receipt and redrives, and what is counted of them), and `reason` and
 * `till`, which the events tell and the issuers do not keep: so the ledger rebuilt from the issuers has the hash of the one rebuilt from the lake.
 *
 * It is a chain of lines, UTF-8, each hashed behind the hash, hex, of those before it: for each table of `CONTENTS` its name and a newline, then for each row its
 * columns as a JSON array and a newline, in the order of the primary key, text by its bytes. Numbers are integers; what is not said is null. So a hash of millions
 * of cards can be stopped after any row, and gone on with.
 *
 * Its memory does not grow with the campaign. A ledger that changes meanwhile has the hash of no one moment.
 */
export async function ledgerHash(env: Pick<Env, "LEDGER">, campaign: string, sliceRows = SLICE_ROWS): Promise<string> {
  let cursor = FIRST_HASH;
  while (!isWhole(cursor)) cursor = await hashNext(env, campaign, cursor, sliceRows);
  return cursor.hash;
}

/** What the ledgers of a campaign say together, by the hash of each, in their order. Of one it is its own. */
export function hashOfAll(hashes: readonly string[]): string {
  const [only, ...others] = hashes;
  return only !== undefined && others.length === 0 ? only : createHash("sha256").update(JSON.stringify(hashes)).digest("hex");
}

export function isWhole({ table }: HashCursor): boolean {
  return table >= CONTENTS.length;
}

/** Goes on with a campaign's content hash by one slice. One that is whole stays as it is. */
export async function hashNext(
  env: Pick<Env, "LEDGER">,
  campaign: string,
  { table, after, hash: before }: HashCursor,
  sliceRows = SLICE_ROWS,
): Promise<HashCursor> {
  const content = CONTENTS[table];
  if (content === undefined) return { table, after, hash: before };
  let hash = after === null ? chained(before, content.table) : before;
  const { rows, last } = await readSlice(env, campaign, content, after ?? content.start(campaign), sliceRows);
  for (const row of rows) hash = chained(hash, JSON.stringify(row));
  return last === null ? { table: table + 1, after: null, hash } : { table, after: last, hash };
}

function chained(before: string, line: string): string {
  return createHash("sha256").update(`${before}${line}\n`).digest("hex");
}

interface Slice {
  readonly rows: readonly unknown[][];
  /** Key of the slice's last row; null: there are no rows behind it. */
  readonly last: (string | number)[] | null;
}

async function readSlice(
  env: Pick<Env, "LEDGER">,
  campaign: string,
  { table, key, columns, only = "true" }: Content,
  after: readonly (string | number)[],
  sliceRows: number,
): Promise<Slice> {
  const keys = key.join(", ");
  const read: unknown[][] = await env.LEDGER.prepare(
    `WITH slice AS (
       SELECT *, row_number() OVER (ORDER BY ${keys}) AS nth FROM (
         SELECT * FROM ${table} WHERE campaign = ?1 AND (${keys}) > (${key.map((_, i) => `?${i + 3}`).join(", ")})
         ORDER BY ${keys} LIMIT ?2
       )
     )
     SELECT ${keys}, nth = ?2, ${only}, ${columns.join(", ")} FROM slice WHERE nth = ?2 OR ${only} ORDER BY nth`,
  )
    .bind(campaign, sliceRows, ...after)
    .raw();
  const rows = read.filter((row) => row[key.length + 1] === 1).map((row) => row.slice(key.length + 2));
  const end = read.at(-1);
  return { rows, last: end?.[key.length] === 1 ? (end.slice(0, key.length) as (string | number)[]) : null };
}
