import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs, parseEnv } from "node:util";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { openBundle } from "./bundle.ts";
import type { WorkerOptions } from "./bundle.ts";

const HOST = "127.0.0.1";
/** Where wrangler keeps local state below the folder that `--persist-to` names: what it uploads, the app finds. */
const STATE = "v3";
const USAGE = `node scripts/serve-bundle.ts --bundle folder --port 8787 --control-port 8786 --persist-to folder [--env-file file] [--var NAME:value …] [--inspector-port 9229] [--registry folder [--edge]]
  Serves a bundle of scripts/build-bundle.ts with Miniflare, until it is ended.
  --port           the Worker itself: neither a proxy nor the page's files stand before it
  --control-port   Miniflare, which fires the schedule at /cdn-cgi/local/scheduled
  --env-file       secrets, as sandbox/keys/dev.vars
  --var            a setting, over that of wrangler.toml
  --inspector-port where a profiler may attach
  --registry       servers that name the same folder find each other there
  --edge           the Worker without objects: it calls those of the server of the same bundle that is in the registry`;

export interface ServeOptions {
  /** Folder of the bundle. */
  readonly bundle: string;
  /** Where the Worker itself answers. */
  readonly port: number;
  /** Where Miniflare answers before it. */
  readonly controlPort: number;
  /** Folder of D1, KV, R2 and Durable Objects, as wrangler's `--persist-to` takes it. */
  readonly persistTo: string;
  /** Settings and secrets, over those of `wrangler.toml`. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Where a profiler may attach; nowhere when it is not given. */
  readonly inspectorPort?: number;
  /** Folder in which servers find each other; none when it is not given. */
  readonly registry?: string;
  /** Whether the objects are those of the server of the same bundle that is in the registry; it alone consumes queues. */
  readonly edge?: boolean;
}

export interface BundleServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves a bundle on a loopback port, and resolves when it answers. Queues are in memory: what ends the server loses them. */
export async function serveBundle(serving: ServeOptions): Promise<BundleServer> {
  const { bundle, port, controlPort, persistTo, bindings, inspectorPort, registry, edge = false } = serving;
  const { script, options: whole } = await openBundle(bundle);
  const options = edge ? edgeOf(whole) : whole;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      bindings: { ...options.bindings, ...bindings },
      modules: [{ type: "ESModule", path: script }],
      modulesRoot: dirname(script),
      host: HOST,
      port: controlPort,
      unsafeDirectSockets: [{ host: HOST, port }],
      resourcePersistencePath: join(persistTo, STATE),
      // The place a request comes from is otherwise asked of the internet.
      cf: false,
      telemetry: { enabled: false },
      unsafeTriggerHandlers: true,
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
      ...(registry === undefined ? {} : { unsafeDevRegistryPath: registry }),
    }),
  );
  await miniflare.ready;
  return { origin: `http://${HOST}:${port}`, close: () => miniflare.dispose() };
}

function edgeOf(options: WorkerOptions): WorkerOptions {
  const { name = "", durableObjects = {}, queueConsumers: _, ...rest } = options;
  const elsewhere = Object.entries(durableObjects).map(([binding, object]) => {
    const className = typeof object === "string" ? object : object.className;
    return [binding, { className, scriptName: name }] as const;
  });
  return { ...rest, name: `${name}-edge`, durableObjects: Object.fromEntries(elsewhere) };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      bundle: { type: "string" },
      port: { type: "string" },
      "control-port": { type: "string" },
      "persist-to": { type: "string" },
      "env-file": { type: "string" },
      var: { type: "string", multiple: true, default: [] },
      "inspector-port": { type: "string" },
      registry: { type: "string" },
      edge: { type: "boolean", default: false },
    },
  });
  const { bundle, port, "control-port": controlPort, "persist-to": persistTo, "env-file": envFile, var: vars, registry, edge } = values;
  if (bundle === undefined || port === undefined || controlPort === undefined || persistTo === undefined) {
    console.error(USAGE);
    process.exit(2);
  }
  const secrets = envFile === undefined ? {} : (parseEnv(await readFile(envFile, "utf8")) as Record<string, string>);
  const settings = Object.fromEntries(vars.map((one) => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1)]));
  const bindings = { ...secrets, ...settings };
  const inspectorPort = values["inspector-port"];
  const server = await serveBundle({
    bundle,
    port: Number(port),
    controlPort: Number(controlPort),
    persistTo,
    bindings,
    ...(inspectorPort === undefined ? {} : { inspectorPort: Number(inspectorPort) }),
    ...(registry === undefined ? {} : { registry }),
    edge,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
  console.log(server.origin);
}
