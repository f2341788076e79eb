import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { V4WorkerOptionsShape } from "miniflare";

/** Says, in a bundle's folder, what the bundle is. */
export const BUNDLE_FILE = "bundle.json";

/** A Worker's bindings, queues and settings, as Miniflare takes them. */
export type WorkerOptions = V4WorkerOptionsShape;

/** A Worker as it would be deployed. */
export interface Bundle {
  /** All its code, in one file. */
  readonly script: string;
  readonly options: WorkerOptions;
}

/** What `scripts/build-bundle.ts` has put into `folder`. */
export async function openBundle(folder: string): Promise<Bundle> {
  const { script, options } = JSON.parse(await readFile(join(folder, BUNDLE_FILE), "utf8")) as Bundle;
  return { script: join(folder, script), options };
}
