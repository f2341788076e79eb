import type { PrizeKind, SegmentUpload } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";
import { FaultList } from "./faults.ts";
import type { Faults } from "./faults.ts";
import { parsePool } from "./parse-pool.ts";
import { codeStaging } from "./stage-codes.ts";
import { refused } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** What `wrangler r2 object put` takes at most; five million codes are less than half of it. */
export const MAX_POOL_FILE_BYTES = 300 * 1024 * 1024;

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
export async function importPool(env: Env, upload: SegmentUpload, object: R2ObjectBody): Promise<Verdict> {
  if (object.size > MAX_POOL_FILE_BYTES) {
    await object.body.cancel();
    return refused({ code: "file_too_large", at: "file", message: `more than ${MAX_POOL_FILE_BYTES} bytes: split it` });
  }
  const rules = await prizePool(env, upload.campaign).rules(upload.campaign);
  if (rules === null) {
    await object.body.cancel();
    return CAMPAIGN_UNKNOWN;
  }
  const { codes, faults, more, ...manifest } = await parsePool(object.body, rules.prizes);
  if (faults.length > 0) return { status: "refused", faults, more };
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
  const repeated = codes === 0 ? new FaultList() : await stageFile(env, upload, object.key, rules.prizes);
  if (repeated.faults.length > 0) {
    await prizePool(env, upload.campaign).abortImport(upload);
    return { status: "refused", faults: repeated.faults, more: repeated.more };
  }
  const committed = await prizePool(env, upload.campaign).commitImport({ ...upload, ...manifest });
  switch (committed.status) {
    case "imported":
    case "already_imported":
      return { status: "imported", cards: committed.cards };
    case "segment_immutable":
      return SEGMENT_IMMUTABLE;
    case "unknown_prize":
      return refused({ code: "unknown_prize", at: "prize", message: `${committed.prize} has just left the campaign file` });
    case "no_import":
      throw new Error("the import was begun anew elsewhere");
  }
}

/** Reads the object again, the same bytes, and stages its codes; the faults are codes that the pool has already. */
async function stageFile(env: Env, upload: SegmentUpload, key: string, prizes: Readonly<Record<string, PrizeKind>>): Promise<Faults> {
  const object = await env.POOLS.get(key, { onlyIf: { etagMatches: upload.etag } });
  if (object === null || !("body" in object)) throw new Error("the object was replaced while it was imported");
  const repeated = new FaultList();
  const staging = codeStaging(env, upload, repeated);
  await parsePool(object.body, prizes, staging.sink);
  await staging.flush();
  return repeated;
}
