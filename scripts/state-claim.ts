import { rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { House } from "./house.ts";
import { fromRoot } from "./wrangler.ts";

const FILE = "kuji-dev.json";
const PROBE_TIMEOUT_MS = 2_000;

/** Who uses a folder of local state: two apps on one state would spoil it, and `npm run demo` finds a running `npm start` here. */
export interface StateClaim extends House {
  readonly pid: number;
  /** Process group of the app: what is left to end when its starter was killed. Null until it is started. */
  readonly appGroup: number | null;
  /** Whether other commands may use the app: it is prepared, and stays until somebody ends it. */
  readonly shared: boolean;
}

export type FoundClaim =
  | { readonly status: "held" | "orphaned"; readonly claim: StateClaim }
  /** Nobody uses the state. */
  | { readonly status: "none" };

/** Looks for an app on the state in `persistTo`. An `orphaned` one still answers, though its starter was killed and its sandbox with it. */
export async function findClaim(persistTo: string): Promise<FoundClaim> {
  const claim = await readClaim(persistTo);
  if (claim === null) return { status: "none" };
  if (isAlive(claim.pid)) return { status: "held", claim };
  const orphaned = claim.appGroup !== null && isAlive(-claim.appGroup) && (await answers(`${claim.appOrigin}/healthz`));
  return orphaned ? { status: "orphaned", claim } : { status: "none" };
}

const held = new Set<string>();
process.on("exit", () => {
  for (const file of held) rmSync(file, { force: true });
});

/** Rejects, with what to do, when another process uses the state. */
export async function refuseClaimed(persistTo: string): Promise<void> {
  const found = await findClaim(persistTo);
  if (found.status !== "none" && found.claim.pid !== process.pid) throw new Error(adviceOn(found));
}

/** Says that this process uses the state, until `releaseState` or its end. */
export function claimState(claim: StateClaim): void {
  const file = join(claim.persistTo, FILE);
  held.add(file);
  writeFileSync(file, `${JSON.stringify(claim, null, 2)}\n`);
}

export function releaseState(persistTo: string): void {
  const file = join(persistTo, FILE);
  if (held.delete(file)) rmSync(file, { force: true });
}

function adviceOn({ status, claim }: Exclude<FoundClaim, { status: "none" }>): string {
  const { pid, appGroup, appOrigin, persistTo, shared } = claim;
  if (status === "orphaned") {
    return `An app of an earlier start that was killed still answers at ${appOrigin}. End it first:\n  kill -- -${appGroup ?? "<its process group>"}`;
  }
  if (shared) return `Kuji already runs at ${appOrigin} on this state (process ${pid}). Stop that one with Ctrl-C, or play: npm run demo`;
  return `Process ${pid} is starting or using an app on this state: let it end first. If it is no Kuji: rm ${fromRoot(join(persistTo, FILE))}`;
}

async function readClaim(persistTo: string): Promise<StateClaim | null> {
  try {
    return JSON.parse(await readFile(join(persistTo, FILE), "utf8")) as StateClaim;
  } catch {
    return null;
  }
}

/** Whether the process, or with a negative number the process group, is there. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
