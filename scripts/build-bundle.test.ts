import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildBundle } from "./build-bundle.ts";

it.each(["bench/cost/worker/index.ts", "bench/issue/worker/index.ts", "soak/chaos/worker/index.ts", "soak/import/worker/index.ts"])(
  "%s has every object that the app has",
  async (entry) => {
    const folder = await mkdtemp(join(tmpdir(), "kuji-bench-"));
    await expect(buildBundle(folder, { entry })).resolves.toBeUndefined();
    await rm(folder, { recursive: true });
  },
  60_000,
);
