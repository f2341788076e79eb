import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient, AdminUpload, UploadFault } from "./admin-client.ts";
import type { House } from "./house.ts";
import type { Terminal } from "./terminal.ts";
import { Hopeless, waitFor } from "./wait.ts";
import { fromRoot, localArguments, runWrangler, typedCommand } from "./wrangler.ts";

const BUCKET = "kuji-pools";
/** A million codes are imported in well under this. */
const IMPORT_TIMEOUT_MS = 120_000;
const MAX_SHOWN_FAULTS = 10;
const PUT_ATTEMPTS = 4;
const PUT_AGAIN_AFTER_MS = 500;

export interface UploadFile {
  /** Key in the bucket, as `demo/pools/first.csv`. */
  readonly object: string;
  readonly path: string;
}

/** Puts the files of a campaign into the bucket by wrangler, as an operator would, and waits until all are imported. Rejects with the faults of a refused one. */
export async function uploadFiles(
  house: House,
  admin: AdminClient,
  terminal: Terminal,
  campaign: string,
  files: readonly UploadFile[],
): Promise<void> {
  for (const file of files) await terminal.step(typedCommand(putArguments(house, file)), () => putFile(house, file));
  const wanted = await Promise.all(files.map(async ({ object, path }) => ({ object, etag: await etagOf(path) })));
  await terminal.step(`${campaign} is imported`, async () => {
    await admin.scanUploads(campaign);
    await waitFor({ what: `the import of ${files.map(({ object }) => object).join(", ")}`, timeoutMs: IMPORT_TIMEOUT_MS }, async () => {
      const outcomes = await admin.uploads(campaign);
      return wanted.every((file) => isImported(outcomes, file)) ? true : null;
    });
  });
}

function putArguments({ persistTo }: House, { object, path }: UploadFile): string[] {
  return localArguments(["r2", "object", "put", `${BUCKET}/${object}`, "--file", fromRoot(path)], persistTo);
}

/**
 * Puts a file into the bucket; the next scan finds it. Wrangler writes beside the running app, into the same local store: now and then one of the two finds
 * it locked. Putting the same bytes again is the same.
 */
export async function putFile(house: House, file: UploadFile): Promise<void> {
  const args = putArguments(house, file);
  for (let attempt = 1; attempt < PUT_ATTEMPTS; attempt += 1) {
    try {
      await runWrangler(args);
      return;
    } catch {
      await sleep(PUT_AGAIN_AFTER_MS);
    }
  }
  await runWrangler(args);
}

/** Whether these very bytes are imported. Throws when they were refused. */
function isImported(outcomes: readonly AdminUpload[], wanted: { readonly object: string; readonly etag: string }): boolean {
  const outcome = outcomes.find(({ object, etag }) => object === wanted.object && etag === wanted.etag);
  if (outcome?.status === "refused") throw new Refused(wanted.object, outcome.faults ?? []);
  return outcome !== undefined;
}

class Refused extends Hopeless {
  constructor(object: string, faults: readonly UploadFault[]) {
    const lines = faults
      .slice(0, MAX_SHOWN_FAULTS)
      .map(({ line, at, message }) => `  ${line === undefined ? "" : `line ${line}, `}${at}: ${message}`);
    super(`${object} was refused:\n${lines.join("\n")}`);
  }
}

/** R2's etag of an object that was put whole. */
async function etagOf(path: string): Promise<string> {
  return createHash("md5")
    .update(await readFile(path))
    .digest("hex");
}
