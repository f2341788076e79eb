import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { House } from "./stack.ts";
import { ROOT } from "./wrangler.ts";

const FILE = join(ROOT, ".wrangler/kuji-dev.json");
const PROBE_TIMEOUT_MS = 2_000;

/** What a running `npm start` leaves for `npm run demo` to find. */
export interface RunningStart extends House {
  readonly pid: number;
  /** Process group of the app: what is left to end when the start itself was killed. */
  readonly appGroup: number | null;
}

export type FoundStart =
  | { readonly status: "running"; readonly start: RunningStart }
  /** The start was killed, and its app still answers: without a sandbox and on the same state. */
  | { readonly status: "orphaned"; readonly start: RunningStart }
  | { readonly status: "none" };

export async function findRunningStart(): Promise<FoundStart> {
  const start = await readStart();
  if (start === null || !(await answers(`${start.appOrigin}/healthz`))) return { status: "none" };
  return { status: isAlive(start.pid) ? "running" : "orphaned", start };
}

export async function announceStart(start: RunningStart): Promise<void> {
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify(start, null, 2)}\n`);
}

export async function withdrawStart(): Promise<void> {
  await rm(FILE, { force: true });
}

/** What to do about an app that its start left behind. */
export function orphanAdvice({ appOrigin, appGroup }: RunningStart): string {
  return `An app of an earlier start that was killed still answers at ${appOrigin}. End it first:\n  kill -- -${appGroup ?? "<its process group>"}\n  (as ${relative(ROOT, FILE)} tells)`;
}

async function readStart(): Promise<RunningStart | null> {
  try {
    return JSON.parse(await readFile(FILE, "utf8")) as RunningStart;
  } catch {
    return null;
  }
}

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
