import { importCampaign } from "./import-campaign.ts";
import { continueImport } from "./continue.ts";
import { IMPORT_BOUNDS, importPool } from "./import-pool.ts";
import type { ImportBounds } from "./import-pool.ts";
import { prizePool } from "../objects.ts";
import { writeRefusal } from "./refusal.ts";
import { isSettled, lastOutcomes, saveOutcome } from "./storage.ts";
import { campaignFileKey, errorsKey, readUploadKey } from "./upload-key.ts";
import type { UploadKey } from "./upload-key.ts";
import { OVERTAKEN, refused } from "./verdict.ts";
import type { Overtaken, UnderWay, Verdict } from "./verdict.ts";

/** How often an import may be overtaken before it gives up, to be tried again. */
const MAX_OVERTAKINGS = 3;

export type ImportOutcome =
  | Verdict
  /** Some of its steps are done; the rest follows by itself. */
  | { readonly status: "under_way" }
  /** These bytes have had their outcome. */
  | { readonly status: "unchanged" }
  /** Nothing of ours, or not there any more. */
  | { readonly status: "ignored" };

/**
 * Imports an object of the bucket by its key: a campaign file is published, a prize-pool file brought into its pool, after the campaign file beside
 * it. All or nothing: a refused object changes nothing but its `<name>.errors.json`. Any number of calls for the same bytes do what one does; a
 * call that rejects may be made again. Of a large object a call does some steps, within `bounds`, and has the queue make the next. `now` in ms.
 */
export async function importObject(env: Env, key: string, now: number, bounds: ImportBounds = IMPORT_BOUNDS): Promise<ImportOutcome> {
  const uploadKey = readUploadKey(key);
  if (uploadKey.kind === "ignored") return { status: "ignored" };
  if (uploadKey.kind === "pool") await importObject(env, campaignFileKey(uploadKey.campaign), now);
  for (let overtaken = 0; overtaken < MAX_OVERTAKINGS; overtaken++) {
    const outcome = await importCurrent(env, uploadKey, { now, bounds, anew: overtaken > 0 });
    if (outcome.status === "overtaken") continue;
    if (outcome.status !== "under_way") return outcome;
    if (outcome.waits) await continueImport(env, uploadKey.object);
    return { status: "under_way" };
  }
  throw new Error("the import was overtaken again and again");
}

type OwnKey = Exclude<UploadKey, { kind: "ignored" }>;

/**
 * Imports what the object holds now. If it holds something else by the end, that may have been imported before and overwritten by this:
 * so it must be imported `anew`, whatever is known of it.
 */
async function importCurrent(
  env: Env,
  key: OwnKey,
  { now, bounds, anew }: { readonly now: number; readonly bounds: ImportBounds; readonly anew: boolean },
): Promise<Exclude<ImportOutcome, { status: "under_way" }> | Overtaken | UnderWay> {
  const listed = await env.POOLS.head(key.object);
  if (listed === null) {
    if (key.kind === "pool") await prizePool(env, key.campaign).abortImport({ campaign: key.campaign, segment: key.segment, etag: null });
    return { status: "ignored" };
  }
  const last = (await lastOutcomes(env.LEDGER, { object: key.object })).get(key.object);
  if (!anew && isSettled(last, listed.etag)) return { status: "unchanged" };
  const verdict = await judge(env, key, listed, { now, bounds });
  if (verdict.status === "overtaken" || verdict.status === "under_way") return verdict;
  const current = await env.POOLS.head(key.object);
  const isCurrent = current === null || current.etag === listed.etag;
  // What was imported is known as the object's last, though it holds something else: whoever comes then imports that.
  if (isCurrent || verdict.status === "imported") await keepVerdict(env, key, listed.etag, verdict, now);
  return isCurrent ? verdict : OVERTAKEN;
}

async function judge(
  env: Env,
  key: OwnKey,
  listed: R2Object,
  { now, bounds }: { readonly now: number; readonly bounds: ImportBounds },
): Promise<Verdict | Overtaken | UnderWay> {
  switch (key.kind) {
    case "campaign":
      return importCampaign(env, key.campaign, listed, now);
    case "pool":
      return importPool(env, { campaign: key.campaign, segment: key.segment, etag: listed.etag }, listed, { now, bounds });
    case "refused":
      return refused({ code: key.code, at: "file", message: KEY_RULES[key.code] });
  }
}

const KEY_RULES = {
  unknown_key:
    "a campaign has a campaign.json, pools/<name>.csv and images/<name>.<avif, gif, jpeg, jpg, png or webp>, with names of letters, digits, dots, hyphens and underscores",
  invalid_campaign_id: "a campaign id is 2 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen",
} as const;

/** The object beside it first, the row last: what stopped half-way is done again as a whole. */
async function keepVerdict(env: Env, key: OwnKey, etag: string, verdict: Verdict, now: number): Promise<void> {
  const { campaign, object } = key;
  const row = { campaign, object, etag, atMs: now };
  console.log(JSON.stringify({ message: "upload", object, etag, status: verdict.status, ...logged(verdict) }));
  switch (verdict.status) {
    case "imported":
      await env.POOLS.delete(errorsKey(key));
      return saveOutcome(env.LEDGER, { ...row, faults: null, cards: verdict.cards });
    case "refused":
      await writeRefusal(env.POOLS, errorsKey(key), { object, etag, refusedAtMs: now, faults: verdict.faults, more: verdict.more });
      return saveOutcome(env.LEDGER, { ...row, faults: verdict.faults, cards: null });
  }
}

function logged(verdict: Verdict): object {
  return verdict.status === "imported"
    ? { cards: verdict.cards }
    : { faults: verdict.faults.length + verdict.more, first: verdict.faults[0] };
}
