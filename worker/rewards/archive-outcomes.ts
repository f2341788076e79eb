import { boundLedgers, inEach } from "../ledger/ledgers.ts";
import type { lakeOutbox } from "../ledger/schema.ts";
import { dayOf, linesHash, putLines } from "../ledger/lake.ts";

/** Read, put and deleted at a time: an invocation has 128 MB. One row, of a whole batch of rewards, may be a megabyte and more. */
const CHARS_A_PAGE = 4_000_000;
const ROWS_A_PAGE = 500;
/** Outcomes of half a million rewards and more, each minute; what is left is taken the minute after. */
const PAGES_A_RUN = 50;

type OutboxRow = typeof lakeOutbox.$inferSelect;

/** Brings to the lake what became of rewards in each ledger. Gives the number of objects. */
export async function archiveOutcomes(env: Pick<Env, "LEDGER" | "LAKE">): Promise<number> {
  const archived = await inEach(boundLedgers(env), async ({ LEDGER }) => archiveLedger({ LEDGER, LAKE: env.LAKE }));
  return archived.reduce((sum, objects) => sum + objects, 0);
}

/**
 * Brings to the lake what became of a ledger's rewards since the last time, an object a campaign and page. What the lake does not take stays for the next time; what
 * it took and D1 did not forget, or what another run takes too, comes twice. Gives the number of objects.
 */
export async function archiveLedger(env: Pick<Env, "LEDGER" | "LAKE">): Promise<number> {
  let objects = 0;
  for (let page = 0; page < PAGES_A_RUN; page++) {
    const rows = await oldestRows(env);
    if (rows.length === 0) break;
    const byCampaign = Map.groupBy(rows, ({ campaign }) => campaign);
    await Promise.all([...byCampaign].map(([campaign, together]) => archiveRows(env, campaign, together)));
    await env.LEDGER.prepare("DELETE FROM lake_outbox WHERE entry IN (SELECT value FROM json_each(?))")
      .bind(JSON.stringify(rows.map(({ entry }) => entry)))
      .run();
    objects += byCampaign.size;
  }
  return objects;
}

async function oldestRows({ LEDGER }: Pick<Env, "LEDGER">): Promise<OutboxRow[]> {
  const { results } = await LEDGER.prepare(
    `SELECT entry, campaign, at, body
     FROM (SELECT *, sum(length(body)) OVER (ORDER BY entry) - length(body) AS before FROM (SELECT * FROM lake_outbox ORDER BY entry LIMIT ?1))
     WHERE before < ?2 ORDER BY entry`,
  )
    .bind(ROWS_A_PAGE, CHARS_A_PAGE)
    .all<OutboxRow>();
  return results;
}

/**
 * `rewards/<campaign>/<UTC date>/<row>-<hash>.ndjson`, by its first row. With the hash no other lines ever land on the same key, whichever rows two runs
 * take together, and though each ledger, and a new one, counts its rows from 1.
 */
async function archiveRows(env: Pick<Env, "LAKE">, campaign: string, rows: readonly OutboxRow[]): Promise<void> {
  const lines = rows.map(({ body }) => body).join("");
  const { at, entry } = rows[0] ?? { at: 0, entry: 0 };
  await putLines(env, `rewards/${campaign}/${dayOf(at)}/${String(entry).padStart(12, "0")}-${linesHash(lines)}.ndjson`, lines);
}
