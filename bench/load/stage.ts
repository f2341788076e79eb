import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKeys } from "../../sandbox/keys.ts";
import type { House } from "../../scripts/house.ts";
import { openDemoClients } from "../../scripts/prepare-demo.ts";
import type { DemoClients } from "../../scripts/prepare-demo.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import { startStack } from "../../scripts/stack.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { deriveSessionKeys } from "../../worker/player/session.ts";
import type { SessionKeys } from "../../worker/player/session.ts";
import { demoSigning } from "../peers/requests.ts";
import type { Signing } from "../peers/requests.ts";
import { unpaged } from "../unlimited.ts";

/** The app, and beside it `…/hello`. */
const ENTRY = "bench/load/worker/index.ts";
/** The schedule comes once a minute in production. */
const TICK_EVERY_MS = 60_000;
/** More than any load redeems in a second: it is not the reward system that is looked at. */
const PERMITS_PER_SECOND = 1_000;

/** Who serves the app: the bundle by Miniflare, or `wrangler dev`, which stands before it with a proxy. */
type ServedBy = "bundle" | "wrangler-dev";

/** An app that runs. */
interface Served extends House, DemoClients {
  /** Process group of the server. */
  readonly group: number;
  close(): Promise<void>;
}

/** The app that is loaded, and all that its users bring is made with. */
export interface Stage extends Served {
  /** What the partner signs with; HMAC, for its check costs least. */
  readonly signing: Signing;
  /** What the app signs sessions with: most users have signed in before they are counted. */
  readonly sessionKeys: SessionKeys;
}

/** The app as it would be deployed, with its schedule, its settlement and its reward agent; the sandbox is LINE and the reward system. */
export async function openStage(terminal: Terminal, servedBy: ServedBy): Promise<Stage> {
  const served = await (servedBy === "bundle" ? serveBundled(terminal) : serveInDevelopment(terminal));
  return {
    ...served,
    signing: await demoSigning(served.keysDir),
    sessionKeys: await deriveSessionKeys((await openKeys(served.keysDir)).secrets.SESSION_KEY),
  };
}

async function serveBundled(terminal: Terminal): Promise<Served> {
  const source = { entry: ENTRY, adapt: unpaged };
  const house = await openServedHouse(terminal, { source, tickEveryMs: TICK_EVERY_MS, permitsPerSecond: PERMITS_PER_SECOND });
  return { ...house, group: house.server.group, close: () => house.close({ keep: false }) };
}

async function serveInDevelopment(terminal: Terminal): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "kuji-load-"));
  const stack = await startStack({
    entry: ENTRY,
    persistTo: join(folder, "state"),
    keysDir: join(folder, "keys"),
    appPort: 0,
    sandboxPort: 0,
    buildPage: false,
    tickEveryMs: TICK_EVERY_MS,
    permitsPerSecond: PERMITS_PER_SECOND,
    terminal,
  });
  const close = async () => {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const { appGroup, appOrigin, sandboxOrigin, keysDir, persistTo } = stack;
  if (appGroup === null) throw new Error("the app has ended");
  const house = { appOrigin, sandboxOrigin, keysDir, persistTo };
  return { ...house, ...(await openDemoClients(house, terminal)), group: appGroup, close };
}
