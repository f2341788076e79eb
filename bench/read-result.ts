import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RESULTS } from "./keep-result.ts";
import type { Circumstances } from "./keep-result.ts";

export type Kept<Result> = Circumstances & Result;

/** What a bench has kept under this name, null where it has not run yet. */
export async function readResult<Result>(name: string): Promise<Kept<Result> | null> {
  const text = await readFile(join(RESULTS, `${name}.json`), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as Kept<Result>);
}
