import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isFree } from "./ports.ts";
import { waitFor } from "./wait.ts";
import { ROOT, wranglerCommand, wranglerEnvironment } from "./wrangler.ts";

/** Bundling and starting workerd takes about five seconds here; a cold machine with two cores may take ten times that. */
const READY_TIMEOUT_MS = 120_000;
const READY_PROBE_TIMEOUT_MS = 2_000;
/** What wrangler is given to end by itself before it is killed. */
const STOP_GRACE_MS = 8_000;
/** A killed process is gone at once; the kernel may need a moment to say so. */
const KILL_GRACE_MS = 5_000;
/** Lines kept to explain an app that ended by itself. */
const KEPT_LINES = 40;

export interface AppProcessOptions {
  /** The Worker's entry, from the root; that of `wrangler.toml` when it is not given. */
  readonly entry?: string | undefined;
  readonly port: number;
  readonly inspectorPort: number;
  readonly persistTo: string;
  readonly envFile: string;
  /** Names in `envFile`: the parent's environment must not override them. */
  readonly secretNames: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
  /** Everything that wrangler says, or its errors only. */
  readonly verbose: boolean;
  readonly print: (line: string) => void;
}

/** Groups of the apps that run: whatever ends this process, an uncaught error too, ends them. */
const running = new Set<number>();
process.on("exit", () => {
  for (const group of running) signalGroup(group, "SIGKILL");
});

/** `wrangler dev` as a child in its own process group, for it runs workerd as a child of its own: what ends, ends whole. */
export class AppProcess {
  readonly #options: AppProcessOptions;
  readonly #lines: string[] = [];
  #child: ChildProcess | null = null;
  #wanted = false;
  /** Told when the app ends though nobody asked it to. */
  onUnwantedEnd: (reason: string) => void = () => {};

  constructor(options: AppProcessOptions) {
    this.#options = options;
  }

  get origin(): string {
    return `http://localhost:${this.#options.port}`;
  }

  /** Process group of the running app; null when it is not running. */
  get group(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when `/healthz` answers. */
  async start(): Promise<void> {
    const { file, args } = wranglerCommand(this.#arguments());
    this.#lines.length = 0;
    this.#wanted = true;
    const child = spawn(file, args, {
      cwd: ROOT,
      env: wranglerEnvironment(this.#options.secretNames),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    if (child.pid !== undefined) running.add(child.pid);
    this.#listen(child.stdout);
    this.#listen(child.stderr);
    const ended = new AbortController();
    child.once("exit", (code, signal) => {
      if (this.#child === child) this.#child = null;
      // Wrangler's own children, should they have outlived it.
      signalGroup(child.pid, "SIGKILL");
      if (child.pid !== undefined) running.delete(child.pid);
      const reason = `wrangler dev ended by itself (${signal ?? `exit ${code}`}):\n${this.#lines.join("\n")}`;
      ended.abort(new Error(reason));
      if (this.#wanted) this.onUnwantedEnd(reason);
    });
    child.once("error", (error) => ended.abort(error));
    await waitFor({ what: `the app to answer at ${this.origin}/healthz`, timeoutMs: READY_TIMEOUT_MS, signal: ended.signal }, () =>
      this.#isHealthy(),
    ).catch(async (error: unknown) => {
      await this.kill();
      throw ended.signal.aborted ? ended.signal.reason : error;
    });
  }

  /** Asks the app to end, and kills what is left of it after a grace. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#wanted = false;
    const exited = once(child, "exit");
    signalGroup(child.pid, "SIGTERM");
    await Promise.race([exited, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    await this.#end(child);
  }

  /** Kills the app at once, as a power cut would: nothing is flushed, the local queues are lost. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#wanted = false;
    await this.#end(child);
  }

  /** A child of the killed group may stay as a zombie where nobody reaps it: what counts is that its port is free. */
  async #end(child: ChildProcess): Promise<void> {
    const exited = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    signalGroup(child.pid, "SIGKILL");
    await exited;
    this.#child = null;
    const { port } = this.#options;
    await waitFor({ what: `the killed app to leave port ${port}`, timeoutMs: KILL_GRACE_MS, everyMs: 20 }, async () =>
      (await isFree(port)) ? true : null,
    );
  }

  async #isHealthy(): Promise<true | null> {
    const response = await fetch(`${this.origin}/healthz`, { signal: AbortSignal.timeout(READY_PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok ? true : null;
  }

  #arguments(): string[] {
    const { entry, port, inspectorPort, persistTo, envFile, vars, verbose } = this.#options;
    const flags = {
      port: String(port),
      "inspector-port": String(inspectorPort),
      "persist-to": persistTo,
      "env-file": envFile,
      "show-interactive-dev-session": "false",
      "log-level": verbose ? "log" : "error",
    };
    const overrides = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
    return [
      "dev",
      ...(entry === undefined ? [] : [entry]),
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
      ...overrides,
    ];
  }

  #listen(stream: Readable): void {
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() === "") return;
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      this.#options.print(`  app │ ${line}`);
    });
  }
}

/** Whether a process of the group was there to take the signal. */
function signalGroup(group: number | undefined, signal: NodeJS.Signals): boolean {
  if (group === undefined) return false;
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
