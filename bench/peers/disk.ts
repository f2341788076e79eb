import { open } from "node:fs/promises";
import { join } from "node:path";

const PAGE_BYTES = 4_096;

/** How often a second a page is appended and on disk before the next: what every commit waits for. */
export async function syncsPerSecond(folder: string, measureMs: number): Promise<number> {
  const file = await open(join(folder, "syncs"), "a");
  const page = Buffer.alloc(PAGE_BYTES, 1);
  let syncs = 0;
  const beginMs = performance.now();
  while (performance.now() - beginMs < measureMs) {
    await file.write(page);
    await file.datasync();
    syncs += 1;
  }
  const seconds = (performance.now() - beginMs) / 1_000;
  await file.close();
  return syncs / seconds;
}
