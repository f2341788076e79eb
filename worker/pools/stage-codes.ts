import type { SegmentUpload, StagedCodes } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";
import type { FaultList } from "./faults.ts";
import type { CodeSink } from "./parse-pool.ts";
import type { CodeRow } from "./pool-rows.ts";

/** Codes in one call: some milliseconds for the pool, and, at their longest, far below the 2 MB of one SQL value. */
export const MAX_STAGED_CODES_PER_CALL = 2_000;

/** Hands codes on to the pool, call by call; those it has already become faults. The last, unfilled call is made by `flush`. */
export function codeStaging(env: Env, upload: SegmentUpload, faults: FaultList): { readonly sink: CodeSink; flush(): Promise<void> } {
  let waiting: CodeRow[] = [];
  const stage = async (rows: readonly CodeRow[]) => {
    const reply = await prizePool(env, upload.campaign).stageCodes(upload, byPrize(rows));
    switch (reply.status) {
      case "staged":
        return;
      case "duplicate_codes":
        for (const { line } of reply.duplicates)
          faults.add({ code: "duplicate_code", at: "code", line, message: "this code is in the pool already, or further up in the file" });
        return;
      case "no_import":
        throw new Error("the import was begun anew elsewhere");
    }
  };
  return {
    async sink(rows) {
      if (faults.full) return;
      waiting = waiting.length === 0 ? [...rows] : waiting.concat(rows);
      while (waiting.length >= MAX_STAGED_CODES_PER_CALL) await stage(waiting.splice(0, MAX_STAGED_CODES_PER_CALL));
    },
    async flush() {
      if (!faults.full && waiting.length > 0) await stage(waiting.splice(0));
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
