import { FAULTS_THAT_MAY_PASS } from "./faults.ts";
import type { PoolFault } from "./faults.ts";

/** What came of the bytes that an object held when it was last looked at. */
export interface LastOutcome {
  readonly etag: string;
  /** It was refused for something that an import in its campaign may have mended since. */
  readonly mayPassNow: boolean;
}

export interface UploadOutcome {
  readonly campaign: string;
  readonly object: string;
  readonly etag: string;
  readonly atMs: number;
  /** Null: imported. */
  readonly faults: readonly PoolFault[] | null;
  /** Cards imported; null for a campaign file and for a refused one. */
  readonly cards: number | null;
}

/** Of a row `u` of `uploads`. */
const MAY_PASS_NOW = `(u.status = 'refused'
  AND EXISTS (SELECT 1 FROM json_each(u.faults) AS fault
    WHERE fault.value ->> 'code' IN (${FAULTS_THAT_MAY_PASS.map((code) => `'${code}'`).join(", ")}))
  AND EXISTS (SELECT 1 FROM uploads AS later WHERE later.campaign = u.campaign AND later.upload > u.upload AND later.status = 'imported'))`;

const LAST_OUTCOMES = `
  SELECT u.object, u.etag, ${MAY_PASS_NOW} AS mayPassNow FROM uploads AS u
  WHERE u.upload IN (
    SELECT max(upload) FROM uploads WHERE (?1 IS NULL OR campaign = ?1) AND (?2 IS NULL OR object = ?2) GROUP BY object
  )`;

const SAVE_OUTCOME = `
  INSERT INTO uploads (campaign, object, etag, status, cards, faults, at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
  WHERE NOT EXISTS (
    SELECT 1 FROM uploads AS u
    WHERE u.upload = (SELECT max(upload) FROM uploads WHERE object = ?2) AND u.etag = ?3 AND u.status = ?4 AND NOT ${MAY_PASS_NOW}
  )`;

/** The last outcome of each object; of a campaign's, of one, or of all. */
export async function lastOutcomes(
  ledger: D1Database,
  { campaign, object }: { readonly campaign?: string | undefined; readonly object?: string | undefined },
): Promise<Map<string, LastOutcome>> {
  const { results } = await ledger
    .prepare(LAST_OUTCOMES)
    .bind(campaign ?? null, object ?? null)
    .all<{ object: string; etag: string; mayPassNow: 0 | 1 }>();
  return new Map(results.map((row) => [row.object, { etag: row.etag, mayPassNow: row.mayPassNow === 1 }]));
}

/** Whether these bytes of the object have had their outcome, and nothing that could change it has happened since. */
export function isSettled(last: LastOutcome | undefined, etag: string): boolean {
  return last !== undefined && last.etag === etag && !last.mayPassNow;
}

/** Keeps an outcome, unless it is the object's last already: two that import the same bytes at once leave one row. */
export async function saveOutcome(ledger: D1Database, outcome: UploadOutcome): Promise<void> {
  const { campaign, object, etag, faults, cards, atMs } = outcome;
  const status = faults === null ? "imported" : "refused";
  const save = ledger
    .prepare(SAVE_OUTCOME)
    .bind(campaign, object, etag, status, cards, faults === null ? null : JSON.stringify(faults), atMs);
  // A refusal that was tried again in vain takes the place of the one before.
  const forget = ledger.prepare("DELETE FROM uploads WHERE object = ? AND etag = ? AND status = 'refused'").bind(object, etag);
  await ledger.batch(faults === null ? [save] : [forget, save]);
}
