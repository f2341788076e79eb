import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { KEY_FILES, openKeys } from "../sandbox/keys.ts";
import { DEFAULT_ACCESS_AUDIENCE, startSandbox } from "../sandbox/server.ts";
import { AppProcess } from "./app-process.ts";
import type { House } from "./house.ts";
import { migrateLedgers } from "./migrate-ledgers.ts";
import { freePort } from "./ports.ts";
import { claimState, refuseClaimed, releaseState } from "./state-claim.ts";
import { silent } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { DEFAULT_STATE, ROOT, localArguments, runCommand } from "./wrangler.ts";

const APP_PORT = 8787;
const SANDBOX_PORT = 8788;
const INSPECTOR_PORT = 9229;
/** `wrangler dev` never fires a cron trigger by itself; in production it is once a minute. */
const TICK_EVERY_MS = 2_000;
const TICK_TIMEOUT_MS = 30_000;
const TICK_PATH = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";
const DEFAULT_PERMITS_PER_SECOND = 200;
const DEFAULT_KEYS = join(ROOT, "sandbox/keys");

export interface StackOptions {
  /** The Worker's entry, from the root; that of `wrangler.toml` when it is not given. */
  readonly entry?: string;
  /** Folder of D1, KV, R2, Durable Objects and the sandbox's grants; `.wrangler/state` when it is not given. */
  readonly persistTo?: string;
  readonly keysDir?: string;
  /** Wanted ports; a taken one is said plainly and the next free one used; 0: any. */
  readonly appPort?: number;
  readonly sandboxPort?: number;
  /** Whether the page is built first; without it `web/dist` is served as it is. */
  readonly buildPage?: boolean;
  /** Fires the schedule every so often; 0: only when `tick` is called. */
  readonly tickEveryMs?: number;
  /** The rate that the reward provider `points` permits. */
  readonly permitsPerSecond?: number;
  /** Further `[vars]`, over those of `wrangler.toml`. */
  readonly vars?: Readonly<Record<string, string>>;
  readonly verbose?: boolean;
  readonly terminal?: Terminal;
}

export interface Stack extends House {
  /** Process group of the running app; null when it is not running. */
  readonly appGroup: number | null;
  /** Told when the app ends though nobody asked it to. */
  onUnwantedEnd(listener: (reason: string) => void): void;
  /** Lets other commands use the app, from now until it ends. */
  share(): void;
  /** Fires the schedule once. */
  tick(): Promise<void>;
  /** Kills the app at once; the sandbox stays. */
  kill(): Promise<void>;
  /** Starts the app again on the same state and ports. */
  restart(): Promise<void>;
  /** Ends everything that was started. Again the same. */
  stop(): Promise<void>;
}

/** Starts the sandbox in this process and the app as a child, both on loopback ports, and resolves when the app answers. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const terminal = options.terminal ?? silent;
  const persistTo = options.persistTo ?? DEFAULT_STATE;
  const keysDir = options.keysDir ?? DEFAULT_KEYS;
  await mkdir(persistTo, { recursive: true });
  await refuseClaimed(persistTo);

  const wantedSandboxPort = options.sandboxPort ?? SANDBOX_PORT;
  const appPort = await choosePort(terminal, "the app", options.appPort ?? APP_PORT, [wantedSandboxPort]);
  const sandboxPort = await choosePort(terminal, "the sandbox", wantedSandboxPort, [appPort]);
  const inspectorPort = await freePort(options.appPort === 0 ? 0 : INSPECTOR_PORT, [appPort, sandboxPort]);

  const house: House = { appOrigin: `http://localhost:${appPort}`, sandboxOrigin: `http://localhost:${sandboxPort}`, keysDir, persistTo };
  let shared = false;
  const claim = (appGroup: number | null) => claimState({ ...house, pid: process.pid, appGroup, shared });
  claim(null);
  try {
    const { secrets } = await openKeys(keysDir);
    if (options.buildPage ?? true) await terminal.step("the page is built", buildPage);
    await terminal.step("the ledger's tables are there", async () => {
      await migrateLedgers((args) => localArguments(args, persistTo));
    });
    const sandbox = await terminal.step("the sandbox answers", () =>
      startSandbox({ port: sandboxPort, keysDir, stateFile: join(persistTo, "sandbox.ndjson") }),
    );
    const app = new AppProcess({
      entry: options.entry,
      port: appPort,
      inspectorPort,
      persistTo,
      envFile: join(keysDir, KEY_FILES.devVars),
      secretNames: Object.keys(secrets),
      vars: { ...varsFor(house, options.permitsPerSecond ?? DEFAULT_PERMITS_PER_SECOND), ...options.vars },
      verbose: options.verbose ?? false,
      print: (line) => terminal.say(line),
    });
    const startApp = async (): Promise<void> => {
      const answering = app.start();
      claim(app.group);
      await answering;
    };
    try {
      await terminal.step("the app answers", startApp);
    } catch (error) {
      await sandbox.close();
      throw error;
    }

    const tick = () => fireSchedule(app.origin);
    const stopTicking = tickEvery(options.tickEveryMs ?? TICK_EVERY_MS, tick);
    const stopAll = async (): Promise<void> => {
      stopTicking();
      await app.stop();
      await sandbox.close();
      releaseState(persistTo);
    };
    let stopped: Promise<void> | null = null;
    return {
      ...house,
      get appGroup() {
        return app.group;
      },
      onUnwantedEnd: (listener) => void (app.onUnwantedEnd = listener),
      share: () => {
        shared = true;
        claim(app.group);
      },
      tick,
      kill: () => app.kill(),
      restart: async () => {
        await app.stop();
        await startApp();
      },
      stop: () => (stopped ??= stopAll()),
    };
  } catch (error) {
    releaseState(persistTo);
    throw error;
  }
}

async function fireSchedule(appOrigin: string): Promise<void> {
  const response = await fetch(appOrigin + TICK_PATH, { signal: AbortSignal.timeout(TICK_TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the schedule failed: ${response.status}`);
}

/** The development page: it signs in at the sandbox. A production build leaves out `--mode development`. */
async function buildPage(): Promise<void> {
  await runCommand("npm run build", "npm", ["run", "--silent", "build", "--", "--mode", "development"]);
}

async function choosePort(terminal: Terminal, what: string, wanted: number, taken: readonly number[]): Promise<number> {
  const port = await freePort(wanted, taken);
  if (wanted !== 0 && port !== wanted) terminal.say(`  Port ${wanted} is taken by another program: ${what} uses ${port}.`);
  return port;
}

/** Settings of `wrangler.toml` that point at this house instead of the usual ports. */
export function varsFor({ appOrigin, sandboxOrigin }: House, permitsPerSecond: number): Record<string, string> {
  return {
    PUBLIC_ORIGIN: appOrigin,
    SANDBOX_ORIGIN: sandboxOrigin,
    LINE_CERTS_URL: `${sandboxOrigin}/oauth2/v2.1/certs`,
    LINE_API_URL: sandboxOrigin,
    ACCESS_ISSUER: sandboxOrigin,
    ACCESS_CERTS_URL: `${sandboxOrigin}/cdn-cgi/access/certs`,
    ACCESS_AUDIENCE: DEFAULT_ACCESS_AUDIENCE,
    REWARD_PROVIDERS: JSON.stringify({
      points: { url: `${sandboxOrigin}/rewards/points`, permitsPerSecond, listUrl: `${sandboxOrigin}/rewards/points/grants` },
    }),
  };
}

/** Calls `tick` every so often, never twice at once; a tick that fails (the app is down, or reloads) is tried again next time. */
function tickEvery(everyMs: number, tick: () => Promise<void>): () => void {
  if (everyMs === 0) return () => {};
  let ticking = false;
  const timer = setInterval(() => {
    if (ticking) return;
    ticking = true;
    tick().then(
      () => (ticking = false),
      () => (ticking = false),
    );
  }, everyMs);
  return () => clearInterval(timer);
}
