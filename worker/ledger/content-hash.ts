import { createHash } from "node:crypto";

/** Rows read at a time: some megabytes. D1 answers a thousand queries of one call, so this is what a campaign of millions of cards takes. */
const SLICE_ROWS = 10_000;

/** What of a table is a campaign's content. */
interface Content {
  readonly table: string;
  /** The table's primary key, along which it is walked. */
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

/**
 * SHA-256, hex, of what a campaign's ledger says: the same for two ledgers that were settled from the same cards, whatever was lost, doubled or reordered on the
 * way, and however often either was rebuilt.
 *
 * It covers what follows from the issuers' cards: each card with its state, owner, place, code and times; each reward as it was promised (to whom, of what, when);
 * and how many events of each kind and prize each minute had, which alone tells that a block was applied twice. It leaves out what depends on when or how
 * often something was tried or settled (`blocks`; of a reward its status, attempts, errors, receipt and redrives, and what is counted of them), and `reason` and
 * `till`, which the events tell and the issuers do not keep: so the ledger rebuilt from the issuers has the hash of the one rebuilt from the lake.
 *
 * The format, UTF-8: for each table of `CONTENTS` its name and a newline, then for each row its columns as a JSON array and a newline, in the order of the primary
 * key, text by its bytes. Numbers are integers; what is not said is null.
 *
 * Reads slice by slice (`sliceRows`), so its memory does not grow with the campaign. A ledger that changes meanwhile has the hash of no one moment.
 */
export async function ledgerHash(env: Pick<Env, "LEDGER">, campaign: string, sliceRows = SLICE_ROWS): Promise<string> {
  const hash = createHash("sha256");
  for (const content of CONTENTS) {
    hash.update(`${content.table}\n`);
    for await (const rows of contentRows(env, campaign, content, sliceRows)) {
      for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
    }
  }
  return hash.digest("hex");
}

async function* contentRows(
  env: Pick<Env, "LEDGER">,
  campaign: string,
  { table, key, start, columns, only = "true" }: Content,
  sliceRows: number,
): AsyncGenerator<readonly unknown[][]> {
  const keys = key.join(", ");
  const within = key[0] === "campaign" ? "AND campaign = ?1" : "";
  // The last row of a slice tells where the next begins, even if it is another campaign's.
  const statement = env.LEDGER.prepare(
    `WITH slice AS (
       SELECT *, row_number() OVER (ORDER BY ${keys}) AS nth FROM (
         SELECT * FROM ${table} WHERE (${keys}) > (${key.map((_, i) => `?${i + 3}`).join(", ")}) ${within}
         ORDER BY ${keys} LIMIT ?2
       )
     )
     SELECT ${keys}, nth = ?2, campaign = ?1 AND ${only}, ${columns.join(", ")} FROM slice WHERE nth = ?2 OR (campaign = ?1 AND ${only}) ORDER BY nth`,
  );
  for (let after: readonly unknown[] | null = start(campaign); after !== null;) {
    const rows: unknown[][] = await statement.bind(campaign, sliceRows, ...after).raw();
    yield rows.filter((row) => row[key.length + 1] === 1).map((row) => row.slice(key.length + 2));
    const last: unknown[] | undefined = rows.at(-1);
    after = last?.[key.length] === 1 ? last.slice(0, key.length) : null;
  }
}
