import type { PrizeKind, SegmentUpload } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";
import type { Faults } from "./faults.ts";
import { openUpload } from "./open-upload.ts";
import { parsePool } from "./parse-pool.ts";
import { checkSchedule } from "./schedule.ts";
import { codeStaging } from "./stage-codes.ts";
import { OVERTAKEN, refused } from "./verdict.ts";
import type { Overtaken, Verdict } from "./verdict.ts";

/** What `wrangler r2 object put` takes at most; five million codes are less than half of it. */
const MAX_POOL_FILE_BYTES = 300 * 1024 * 1024;

const CAMPAIGN_UNKNOWN = refused({ code: "campaign_unknown", at: "file", message: "the campaign has no campaign.json that was accepted" });
const SEGMENT_IMMUTABLE = refused({
  code: "segment_immutable",
  at: "file",
  message: "the campaign has been opened, and this file was imported with other content: upload more stock under another name",
});

/**
 * Brings a prize-pool file into its campaign's pool, whole or not at all. The file is read to its end before the pool hears of it; one with codes
 * is then read again, to stage them. The pool knows a file by its etag: the same bytes are imported once.
 */
export async function importPool(env: Env, upload: SegmentUpload, listed: R2Object): Promise<Verdict | Overtaken> {
  if (listed.size > MAX_POOL_FILE_BYTES)
    return refused({ code: "file_too_large", at: "file", message: `more than ${MAX_POOL_FILE_BYTES} bytes: split it` });
  const rules = await prizePool(env, upload.campaign).rules(upload.campaign);
  if (rules === null) return CAMPAIGN_UNKNOWN;
  const object = await openUpload(env.POOLS, listed);
  if (object === null) return OVERTAKEN;
  const { faults, more, ...manifest } = await parsePool(object.body, rules.prizes);
  if (faults.length > 0) return { status: "refused", faults, more };
  const cards = manifest.codes + manifest.entries.reduce((sum, { quantity }) => sum + quantity, 0);
  const impossible = checkSchedule({ segment: upload.segment, cards, ...manifest }, rules);
  if (impossible.length > 0) return { status: "refused", faults: impossible, more: 0 };
  const begun = await prizePool(env, upload.campaign).beginImport(upload);
  switch (begun.status) {
    case "already_imported":
      return { status: "imported", cards: begun.cards };
    case "segment_immutable":
      return SEGMENT_IMMUTABLE;
    case "campaign_unknown":
      return CAMPAIGN_UNKNOWN;
    case "begun":
      break;
  }
  const staged: Staged = manifest.codes === 0 ? { status: "staged" } : await stageFile(env, upload, listed, rules.prizes);
  if (staged.status === "refused") await prizePool(env, upload.campaign).abortImport(upload);
  if (staged.status !== "staged") return staged;
  const committed = await prizePool(env, upload.campaign).commitImport({ ...upload, ...manifest });
  switch (committed.status) {
    case "imported":
    case "already_imported":
      return { status: "imported", cards: committed.cards };
    case "segment_immutable":
      return SEGMENT_IMMUTABLE;
    case "unknown_prize":
      return refused({ code: "unknown_prize", at: "prize", message: `${committed.prize} has just left the campaign file` });
    case "codes_repeat":
      return refused({
        code: "codes_repeat",
        at: "code",
        message: "the campaign has just made this a deck that repeats, and it has codes",
      });
    case "no_import":
      return OVERTAKEN;
  }
}

/** All of the file's codes are staged; or the pool has some of them already; or another import got in between. */
type Staged = { readonly status: "staged" } | ({ readonly status: "refused" } & Faults) | Overtaken;

/** Reads the object again, the same bytes, and stages its codes. */
async function stageFile(env: Env, upload: SegmentUpload, listed: R2Object, prizes: Readonly<Record<string, PrizeKind>>): Promise<Staged> {
  const object = await openUpload(env.POOLS, listed);
  if (object === null) return OVERTAKEN;
  const staging = codeStaging(env, upload);
  await parsePool(object.body, prizes, staging.sink);
  const { faults, more, lost } = await staging.finish();
  if (lost) return OVERTAKEN;
  return faults.length === 0 ? { status: "staged" } : { status: "refused", faults, more };
}
