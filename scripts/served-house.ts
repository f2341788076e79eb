import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KEY_FILES } from "../sandbox/keys.ts";
import { startSandbox } from "../sandbox/server.ts";
import { buildBundle } from "./build-bundle.ts";
import type { BundleSource } from "./build-bundle.ts";
import { BundleProcess } from "./bundle-process.ts";
import type { House } from "./house.ts";
import { freePort } from "./ports.ts";
import { openDemoClients } from "./prepare-demo.ts";
import type { DemoClients } from "./prepare-demo.ts";
import { varsFor } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { migrateLedgers } from "./migrate-ledgers.ts";
import { localArguments } from "./wrangler.ts";

/** More than any run redeems in a second, where it is not the reward system that is looked at. */
const DEFAULT_PERMITS_PER_SECOND = 1_000;
/** Miniflare fires no cron trigger by itself; in production it is once a minute. */
const TICK_EVERY_MS = 2_000;
const TICK_TIMEOUT_MS = 10_000;
const TICK_PATH = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";

export interface ServedHouse extends House, DemoClients {
  /** Where everything of this run is. */
  readonly folder: string;
  readonly server: BundleProcess;
  /** Where a profiler may attach; null where that was not asked for. */
  readonly inspectorPort: number | null;
  /** The Worker once more, in a process of its own beside that of the objects, which it calls; null where that was not asked for. */
  readonly edge: BundleProcess | null;
  /** Ends everything. With `keep` the folder stays, to be looked at. */
  close(options: { readonly keep: boolean }): Promise<void>;
}

export interface ServedHouseOptions {
  readonly source?: BundleSource;
  /** Whether the schedule is fired every so often. */
  readonly scheduled?: boolean;
  /** How often: as in production, where what it costs is not to weigh more than there. */
  readonly tickEveryMs?: number;
  /** Whether a profiler may attach to the server. */
  readonly inspected?: boolean;
  /** Whether the Worker is served once more, in a process of its own. */
  readonly apart?: boolean;
  /** The rate that the reward provider permits, and LINE. */
  readonly permitsPerSecond?: number;
}

/** A house of its own in a new folder: the sandbox in this process, the app as it would be deployed in one that can be killed. */
export async function openServedHouse(
  terminal: Terminal,
  {
    source = {},
    scheduled = true,
    tickEveryMs = TICK_EVERY_MS,
    inspected = false,
    apart = false,
    permitsPerSecond = DEFAULT_PERMITS_PER_SECOND,
  }: ServedHouseOptions = {},
): Promise<ServedHouse> {
  const folder = await mkdtemp(join(tmpdir(), "kuji-served-"));
  const [keysDir, persistTo, bundle] = [join(folder, "keys"), join(folder, "state"), join(folder, "bundle")];
  await mkdir(persistTo);
  await terminal.step("the Worker is bundled", () => buildBundle(bundle, source));
  await terminal.step("the ledger's tables are there", () => migrateLedgers((args) => localArguments(args, persistTo)));
  const sandbox = await startSandbox({ port: 0, keysDir, stateFile: join(folder, "grants.ndjson") });
  const port = await freePort(0);
  const controlPort = await freePort(0, [port]);
  const inspectorPort = inspected ? await freePort(0, [port, controlPort]) : null;
  const house: House = { appOrigin: `http://127.0.0.1:${port}`, sandboxOrigin: sandbox.origin, keysDir, persistTo };
  const vars = { ...varsFor(house, permitsPerSecond), LINE_PERMITS_PER_SECOND: String(permitsPerSecond) };
  const envFile = join(keysDir, KEY_FILES.devVars);
  const serving = { bundle, persistTo, envFile, vars, ...(apart ? { registry: join(folder, "registry") } : {}) };
  const server = new BundleProcess({
    ...serving,
    port,
    controlPort,
    ...(inspectorPort === null ? {} : { inspectorPort }),
    logFile: join(folder, "server.log"),
  });
  const edgePort = await freePort(0, [port, controlPort]);
  const edge = apart
    ? new BundleProcess({
        ...serving,
        port: edgePort,
        controlPort: await freePort(0, [port, controlPort, edgePort]),
        edge: true,
        logFile: join(folder, "edge.log"),
      })
    : null;
  let stopTicking = () => {};
  const close: ServedHouse["close"] = async ({ keep }) => {
    stopTicking();
    await edge?.stop();
    await server.stop();
    await sandbox.close();
    if (!keep) await rm(folder, { recursive: true, force: true });
  };
  try {
    await terminal.step("the app answers", () => startWhole(server));
    if (edge !== null) await terminal.step("the Worker answers apart from its objects", () => startWhole(edge));
    if (scheduled) stopTicking = await keepTicking(controlPort, tickEveryMs);
    return { ...house, ...(await openDemoClients(house, terminal)), folder, server, inspectorPort, edge, close };
  } catch (error) {
    await close({ keep: false });
    throw error;
  }
}

/** Starts a server of which nobody makes an end while it starts. */
async function startWhole(server: BundleProcess): Promise<void> {
  const ended = new Promise<never>((_, reject) => {
    server.onUnwantedEnd = (reason) => reject(new Error(reason));
  });
  if ((await Promise.race([server.start(), ended])) === "killed") await ended;
  server.onUnwantedEnd = () => {};
}

/** Fires the schedule now and every so often, never twice at once. A killed app does not hear it; the next time it will. */
async function keepTicking(controlPort: number, everyMs: number): Promise<() => void> {
  await tick(controlPort);
  let ticking = false;
  const timer = setInterval(() => {
    if (ticking) return;
    ticking = true;
    void tick(controlPort)
      .catch(() => {})
      .finally(() => (ticking = false));
  }, everyMs);
  return () => clearInterval(timer);
}

async function tick(controlPort: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${controlPort}${TICK_PATH}`, { signal: AbortSignal.timeout(TICK_TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the schedule failed: ${response.status}`);
}
