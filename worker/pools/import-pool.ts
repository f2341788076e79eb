import { CodePacker } from "../../durable-objects/code-digests.ts";
import type { DuplicateCode, PrizeKind, PrizePoolRpc, SegmentUpload } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";
import { FaultList } from "./faults.ts";
import type { Faults, PoolFault } from "./faults.ts";
import { openCursor, saveCursor } from "./import-state.ts";
import { parsePool } from "./parse-pool.ts";
import type { PoolCursor } from "./parse-pool.ts";
import { poolFile } from "./pool-rows.ts";
import type { PoolFile } from "./pool-rows.ts";
import { readUpload } from "./read-upload.ts";
import { scheduleFaults } from "./schedule.ts";
import { OVERTAKEN, refused } from "./verdict.ts";
import type { Overtaken, UnderWay, Verdict } from "./verdict.ts";

/** What `wrangler r2 object put` takes at most; ten million codes are about as much. */
const MAX_POOL_FILE_BYTES = 300 * 1024 * 1024;

/** How much of an import is done at a time. */
export interface ImportBounds {
  /** Of the file, in one step; several times the longest row. */
  readonly bytesPerStep: number;
  /** Steps in one invocation: after them another goes on. */
  readonly steps: number;
  /** No step begins later than this in an invocation. */
  readonly forMs: number;
}

export const IMPORT_BOUNDS: ImportBounds = {
  // Some 20,000 codes: 10 MB in the Worker, less than 1 MB in its call, and 10 ms of the pool's time, in which nobody is dealt anything.
  bytesPerStep: 512 * 1024,
  // Each reads the bucket once and calls the pool once: 200 of the 1,000 subrequests that an invocation may make.
  steps: 100,
  // A sixth of the CPU time that an invocation has where nobody asked for more; and an operator who calls for a scan waits no longer.
  forMs: 5_000,
};

const CAMPAIGN_UNKNOWN = refused({ code: "campaign_unknown", at: "file", message: "the campaign has no campaign.json that was accepted" });
const SEGMENT_IMMUTABLE = refused({
  code: "segment_immutable",
  at: "file",
  message: "the campaign has been opened, and this file was imported with other content: upload more stock under another name",
});

/**
 * Brings a prize-pool file into its campaign's pool, whole or not at all, or some steps of the way: then it is under way, and the next call goes on from
 * there, whoever makes it. The pool keeps what a step has done together with where the next begins, so that nothing is done twice, and nothing again.
 * It knows a file by its etag: the same bytes are imported once. `now` in ms.
 */
export async function importPool(
  env: Env,
  upload: SegmentUpload,
  listed: R2Object,
  { now, bounds }: { readonly now: number; readonly bounds: ImportBounds },
): Promise<Verdict | Overtaken | UnderWay> {
  if (listed.size > MAX_POOL_FILE_BYTES)
    return refused({ code: "file_too_large", at: "file", message: `more than ${MAX_POOL_FILE_BYTES} bytes: split it` });
  const pool = () => prizePool(env, upload.campaign);
  const rules = await pool().rules(upload.campaign);
  if (rules === null) return CAMPAIGN_UNKNOWN;
  const begun = await pool().beginImport(upload);
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
  const opened = openCursor(begun.state, rules.prizes);
  // What was read was read with other prizes.
  if (opened === null) return giveUp(pool(), upload, OVERTAKEN);
  const budget = new Budget(bounds);
  const read = await readOn({ env, upload, listed, budget, prizes: rules.prizes, bounds }, { step: begun.step, cursor: opened });
  if (read.status !== "read") return read;
  const file = poolFile(read.cursor.rows);
  const checked = await checkCodes(pool, upload, file, budget);
  if (checked.status !== "checked") return checked;
  const { faults, more } = checked;
  if (faults.length > 0) return giveUp(pool(), upload, { status: "refused", faults, more });
  const cards = file.codes + file.entries.reduce((sum, { quantity }) => sum + quantity, 0);
  const { entries, codes, opensAtMs, closesAtMs } = file;
  const schedule = { segment: upload.segment, cards, hasCodes: codes > 0, opensAtMs, closesAtMs };
  const impossible = scheduleFaults(schedule, rules, now);
  if (impossible.length > 0) return giveUp(pool(), upload, refused(...impossible));
  const committed = await pool().commitImport({ ...upload, entries, codes, opensAtMs, closesAtMs });
  switch (committed.status) {
    case "imported":
    case "already_imported":
      return { status: "imported", cards: committed.cards };
    case "unchecked":
      return { status: "under_way", waits: true };
    case "segment_immutable":
      return giveUp(pool(), upload, SEGMENT_IMMUTABLE);
    case "unknown_prize": {
      const message = `${committed.prize} has just left the campaign file`;
      return giveUp(pool(), upload, refused({ code: "unknown_prize", at: "prize", message }));
    }
    case "codes_repeat": {
      const message = "the campaign has just made this a deck that repeats, and it has codes";
      return giveUp(pool(), upload, refused({ code: "codes_repeat", at: "code", message }));
    }
    case "no_import":
      return OVERTAKEN;
  }
}

/** What is left of an invocation's steps and time. Time passes with every answer that is waited for. */
class Budget {
  #steps: number;
  readonly #untilMs: number;

  constructor({ steps, forMs }: ImportBounds) {
    this.#steps = steps;
    this.#untilMs = Date.now() + forMs;
  }

  /** Takes a step; false: there is none left. The first there always is. */
  take(): boolean {
    return this.#steps-- > 0 && Date.now() < this.#untilMs;
  }
}

interface Reading {
  readonly env: Env;
  readonly upload: SegmentUpload;
  readonly listed: R2Object;
  readonly prizes: Readonly<Record<string, PrizeKind>>;
  readonly budget: Budget;
  readonly bounds: ImportBounds;
}

interface ReadSoFar {
  /** Steps done. */
  readonly step: number;
  readonly cursor: PoolCursor;
}

/** Reads the file from the cursor on, stage by stage into the pool, to its end if that is near. */
async function readOn(
  { env, upload, listed, prizes, budget, bounds }: Reading,
  { step: done, cursor: from }: ReadSoFar,
): Promise<{ readonly status: "read"; readonly cursor: PoolCursor } | Overtaken | UnderWay> {
  let cursor = from;
  for (let step = done; !cursor.end; step++) {
    if (!budget.take()) return { status: "under_way", waits: true };
    const { offset } = cursor;
    const bytes = await readUpload(env.POOLS, listed, { offset, length: bounds.bytesPerStep });
    if (bytes === null) return OVERTAKEN;
    const packer = new CodePacker();
    const last = offset + bytes.length === listed.size;
    cursor = await parsePool(cursor, { bytes, last, prizes, take: (code) => packer.add(code) });
    const progress = { bytes: listed.size, bytesRead: cursor.offset, rows: cursor.rows.rows, codes: cursor.rows.codes };
    const staged = { step, state: saveCursor(cursor, prizes), progress, ...packer.pack() };
    const { status } = await prizePool(env, upload.campaign).stageStep(upload, staged);
    switch (status) {
      case "staged":
        break;
      case "done_by_another":
        return { status: "under_way", waits: false };
      case "no_import":
        return OVERTAKEN;
    }
  }
  return { status: "read", cursor };
}

/** All that is wrong with the file that was read, codes included that stand in it twice or in the pool. */
async function checkCodes(
  pool: () => PrizePoolRpc,
  upload: SegmentUpload,
  file: PoolFile,
  budget: Budget,
): Promise<({ readonly status: "checked" } & Faults) | Overtaken | UnderWay> {
  const faults = new FaultList(file);
  while (file.codes > 0) {
    if (!budget.take()) return { status: "under_way", waits: true };
    const reply = await pool().checkCodes(upload);
    if (reply.status === "no_import") return OVERTAKEN;
    if (reply.status === "checking") continue;
    const duplicates = [...reply.duplicates].sort((one, other) => one.line - other.line);
    for (const duplicate of duplicates) faults.add(duplicateFault(duplicate));
    faults.more += reply.more;
    break;
  }
  const byLine = faults.faults.sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
  return { status: "checked", faults: byLine, more: faults.more };
}

function duplicateFault({ line, segment, firstLine }: DuplicateCode): PoolFault {
  const where = firstLine === 0 ? "" : ` in line ${firstLine}`;
  const message = segment === null ? `the same code stands${where}` : `this code is in the pool already, from ${segment}${where}`;
  return { code: "duplicate_code", at: "code", line, message };
}

/** Leaves nothing of the import. */
async function giveUp<T>(pool: PrizePoolRpc, upload: SegmentUpload, outcome: T): Promise<T> {
  await pool.abortImport(upload);
  return outcome;
}
