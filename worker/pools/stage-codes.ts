import type { SegmentUpload, StagedCodes } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";
import { FaultList } from "./faults.ts";
import type { Faults } from "./faults.ts";
import type { CodeSink } from "./parse-pool.ts";
import type { CodeRow } from "./pool-rows.ts";

/** Codes in one call: some milliseconds for the pool, and, at their longest, far below the 2 MB of one SQL value. */
export const MAX_STAGED_CODES_PER_CALL = 2_000;

/** `faults`: codes that the pool has already. `lost`: the pool knows nothing (any more) of this import. */
export interface StagingResult extends Faults {
  readonly lost: boolean;
}

/** Hands codes on to the pool, call by call; `finish` makes the last call and tells what came of them all. */
export function codeStaging(env: Env, upload: SegmentUpload): { readonly sink: CodeSink; finish(): Promise<StagingResult> } {
  const faults = new FaultList();
  let lost = false;
  let waiting: CodeRow[] = [];
  const stage = async (rows: readonly CodeRow[]) => {
    if (lost || faults.full) return;
    const reply = await prizePool(env, upload.campaign).stageCodes(upload, byPrize(rows));
    switch (reply.status) {
      case "staged":
        break;
      case "duplicate_codes":
        for (const { line } of reply.duplicates)
          faults.add({ code: "duplicate_code", at: "code", line, message: "this code is in the pool already, or further up in the file" });
        break;
      case "no_import":
        lost = true;
        break;
    }
  };
  return {
    async sink(rows) {
      waiting = waiting.length === 0 ? [...rows] : waiting.concat(rows);
      while (waiting.length >= MAX_STAGED_CODES_PER_CALL) await stage(waiting.splice(0, MAX_STAGED_CODES_PER_CALL));
    },
    async finish() {
      if (waiting.length > 0) await stage(waiting.splice(0));
      return { faults: faults.faults, more: faults.more, lost };
    },
  };
}

function byPrize(rows: readonly CodeRow[]): StagedCodes[] {
  return [...Map.groupBy(rows, ({ prize }) => prize)].map(([prize, own]) => ({
    prize,
    codes: own.map(({ code }) => code),
    lines: own.map(({ line }) => line),
  }));
}
