import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { BUNDLE_FILE } from "./bundle.ts";
import type { Bundle, WorkerOptions } from "./bundle.ts";
import { ROOT, runWrangler } from "./wrangler.ts";

const CONFIG = join(ROOT, "wrangler.toml");
const ENTRY = "worker/index.ts";
/** Wrangler does not bundle while the folder of `[assets]` is missing; an empty one will do where nobody looks at the page. */
const ASSETS = join(ROOT, "web/dist");

export interface BundleSource {
  /** The Worker's entry, from the root; the deployed one's when it is not given. */
  readonly entry?: string;
  /** Changes what `wrangler.toml` says, for a Worker that is not quite the deployed one. */
  readonly adapt?: (options: WorkerOptions) => WorkerOptions;
}

/** Bundles the Worker into `folder` as a deployment would, with the top level of `wrangler.toml`; beside it stands what Miniflare is to give it. */
export async function buildBundle(folder: string, { entry = ENTRY, adapt = (options) => options }: BundleSource = {}): Promise<void> {
  await mkdir(ASSETS, { recursive: true });
  await runWrangler(["deploy", entry, "--dry-run", "--outdir", folder, "--env", ""]);
  const bundle: Bundle = { script: basename(entry).replace(/\.ts$/, ".js"), options: adapt(readOptions()) };
  await writeFile(join(folder, BUNDLE_FILE), JSON.stringify(bundle));
}

/** Secrets are left out, lest wrangler look for them in this process: they are the server's. */
function readOptions(): WorkerOptions {
  const config = unstable_readConfig({ config: CONFIG });
  const { workerOptions } = unstable_getMiniflareWorkerOptions({ ...config, secrets: undefined });
  const { modulesRules: _, ...options } = workerOptions;
  return { ...options, ...(config.name === undefined ? {} : { name: config.name }) };
}
