import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What a process is given to end by itself before it is killed. */
const STOP_GRACE_MS = 3_000;
/** Ended with this process, however it ends. */
const running = new Set<number>();
process.once("exit", () => {
  for (const group of running) signalGroup(group, "SIGKILL");
});

/** A server in a process group of its own. */
export interface ServerProcess {
  readonly group: number;
  /** As a power cut would end it: nothing is flushed. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints is appended here. */
  readonly logFile: string;
}

export async function startProcess({ command, args, env = {}, logFile }: ServerCommand): Promise<ServerProcess> {
  const log = openSync(logFile, "a");
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", log, log], detached: true });
  await once(child, "spawn");
  const group = child.pid as number;
  running.add(group);
  const exited = once(child, "exit").finally(() => running.delete(group));
  const end = async (signal: NodeJS.Signals) => {
    if (!running.has(group)) return;
    signalGroup(group, signal);
    await Promise.race([exited, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    signalGroup(group, "SIGKILL");
    await exited;
  };
  return { group, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended.
  }
}
