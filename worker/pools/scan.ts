import type { Faults } from "./faults.ts";
import { IMPORT_BOUNDS } from "./import-pool.ts";
import { importObject } from "./import.ts";
import { isSettled, lastOutcomes } from "./storage.ts";
import { readUploadKey } from "./upload-key.ts";

/** R2 lists at most a thousand keys a page; this many pages are far more files than campaigns have. */
const MAX_PAGES = 100;
/** Objects imported by one scan; the next goes on from there. Each asks the bucket, the ledger and the pool some times, of the 1,000 that an invocation may. */
const MAX_IMPORTS = 40;
/** No import begins later than this in a scan: a third of the CPU time that an invocation has where nobody asked for more. */
const IMPORTS_BEGIN_WITHIN_MS = 10_000;
/** Of a large file a scan makes the first steps, and goes on to the next file. */
const BOUNDS = { ...IMPORT_BOUNDS, forMs: 1_000 };

export interface ScanReport {
  readonly imported: { readonly object: string; readonly cards: number | null }[];
  readonly refused: ({ readonly object: string } & Faults)[];
  /** Could not be finished, for a reason that is not in the object: the next scan tries again. */
  readonly failed: string[];
  /** Large ones that are being imported: step by step, by themselves. */
  readonly underWay: string[];
  unchanged: number;
  /** Not looked at for want of time: the next scan's. */
  remaining: number;
}

interface Listed {
  readonly key: string;
  readonly etag: string;
}

/**
 * Finds what no notification announced: lists the bucket, all of it or a campaign's part, and imports every object whose bytes have had no outcome
 * yet, campaign files before pools. Scans may overlap, with each other and with notifications.
 */
export async function scanUploads(env: Env, campaign?: string): Promise<ScanReport> {
  const untilMs = Date.now() + IMPORTS_BEGIN_WITHIN_MS;
  const report: ScanReport = { imported: [], refused: [], failed: [], underWay: [], unchanged: 0, remaining: 0 };
  const listed = await listUploads(env.POOLS, campaign);
  // One after the other: a pool file may wait for its campaign file's outcome, and only then is it known to be worth another try.
  await importListed(env, listed.campaigns, { campaign, untilMs }, report);
  await importListed(env, listed.others, { campaign, untilMs }, report);
  return report;
}

async function importListed(
  env: Env,
  listed: readonly Listed[],
  { campaign, untilMs }: { readonly campaign: string | undefined; readonly untilMs: number },
  report: ScanReport,
): Promise<void> {
  const last = await lastOutcomes(env.LEDGER, { campaign });
  const due = listed.filter(({ key, etag }) => !isSettled(last.get(key), etag));
  report.unchanged += listed.length - due.length;
  for (const { key } of due) {
    const begun = report.imported.length + report.refused.length + report.failed.length + report.underWay.length;
    if (begun < MAX_IMPORTS && Date.now() < untilMs) await importOne(env, key, report);
    else report.remaining++;
  }
}

async function importOne(env: Env, object: string, report: ScanReport): Promise<void> {
  try {
    const outcome = await importObject(env, object, Date.now(), BOUNDS);
    switch (outcome.status) {
      case "imported":
        report.imported.push({ object, cards: outcome.cards });
        break;
      case "refused":
        report.refused.push({ object, faults: outcome.faults, more: outcome.more });
        break;
      case "under_way":
        report.underWay.push(object);
        break;
      case "unchanged":
        report.unchanged++;
        break;
      case "ignored":
        break;
    }
  } catch (error) {
    report.failed.push(object);
    console.error(JSON.stringify({ message: "upload not imported, to be tried again", object, error: String(error) }));
  }
}

async function listUploads(pools: R2Bucket, campaign: string | undefined): Promise<{ campaigns: Listed[]; others: Listed[] }> {
  const campaigns: Listed[] = [];
  const others: Listed[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const list = await pools.list({
      ...(campaign === undefined ? {} : { prefix: `${campaign}/` }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { key, etag } of list.objects) {
      const { kind } = readUploadKey(key);
      if (kind !== "ignored") (kind === "campaign" ? campaigns : others).push({ key, etag });
    }
    if (!list.truncated) return { campaigns, others };
    cursor = list.cursor;
  }
  console.error(JSON.stringify({ message: "the bucket has more objects than a scan lists", pages: MAX_PAGES }));
  return { campaigns, others };
}
