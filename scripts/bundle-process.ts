import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { isFree } from "./ports.ts";
import { waitFor } from "./wait.ts";
import { ROOT } from "./wrangler.ts";

/** Starting takes a second and a half; a machine with much else to do may take ten times that. */
const READY_TIMEOUT_MS = 60_000;
/** What the server is given to end by itself before it is killed. */
const STOP_GRACE_MS = 5_000;
/** A killed process is gone at once; the kernel may need a moment to say so. */
const KILL_GRACE_MS = 5_000;
const KILL_PROBE_MS = 5;
/** Lines kept to explain a server that ended by itself. */
const KEPT_LINES = 40;

export interface BundleProcessOptions {
  readonly bundle: string;
  readonly port: number;
  readonly controlPort: number;
  readonly persistTo: string;
  readonly envFile: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Where a profiler may attach; nowhere when it is not given. */
  readonly inspectorPort?: number;
  /** Where servers find each other; and whether this one has the Worker only, and calls the objects of the other. */
  readonly registry?: string;
  readonly edge?: boolean;
  /** Gets what the server says. */
  readonly logFile: string;
}

/** Groups of the servers that run: whatever ends this process ends them. */
const running = new Set<number>();
process.on("exit", () => {
  for (const group of running) signalGroup(group, "SIGKILL");
});

/** `scripts/serve-bundle.ts` as a child in its own process group, for it runs workerd as a child of its own: it is killed whole. */
export class BundleProcess {
  readonly #options: BundleProcessOptions;
  #child: ChildProcess | null = null;
  #wanted = false;
  #answers = false;
  #answering = Promise.withResolvers<void>();
  readonly #lines: string[] = [];
  /** Told when the server ends though nobody asked it to. */
  onUnwantedEnd: (reason: string) => void = () => {};

  constructor(options: BundleProcessOptions) {
    this.#options = options;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  /** Process group of the running server. */
  get group(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the server is not running");
    return pid;
  }

  /** Resolves when the server answers: at once where it does, after its next start where it does not. */
  get ready(): Promise<void> {
    return this.#answering.promise;
  }

  /** Resolves when the server answers; `killed` when it was killed before that. */
  async start(): Promise<"ready" | "killed"> {
    const tmp = join(this.#options.persistTo, "tmp");
    mkdirSync(tmp, { recursive: true });
    const { registry, edge = false } = this.#options;
    // What a killed server has left there is believed before what this one writes.
    if (registry !== undefined && !edge) rmSync(registry, { recursive: true, force: true });
    const child = spawn(process.execPath, [join(ROOT, "scripts/serve-bundle.ts"), ...this.#arguments()], {
      cwd: ROOT,
      // What a killed server leaves behind goes with its state.
      env: { ...process.env, TMPDIR: tmp },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    this.#wanted = true;
    if (child.pid !== undefined) running.add(child.pid);
    const ready = new Promise<"ready">((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => (line === this.origin ? resolve("ready") : this.#keep(line)));
    });
    createInterface({ input: child.stderr }).on("line", (line) => this.#keep(line));
    child.once("exit", (code, signal) => {
      if (child.pid !== undefined) running.delete(child.pid);
      // workerd, should it have outlived its parent.
      signalGroup(child.pid, "SIGKILL");
      if (this.#child === child && this.#wanted)
        this.onUnwantedEnd(`the server ended by itself (${signal ?? `exit ${code}`}):\n${this.#lines.join("\n")}`);
    });
    const ended = once(child, "exit").then(() => "killed" as const);
    const late = sleep(READY_TIMEOUT_MS, "late" as const, { ref: false });
    const outcome = await Promise.race([ready, ended, late]);
    if (outcome === "late") throw new Error(`the server did not answer within ${READY_TIMEOUT_MS / 1_000} s:\n${this.#lines.join("\n")}`);
    if (outcome === "ready" && this.#child === child) {
      this.#answers = true;
      this.#answering.resolve();
    }
    return outcome;
  }

  /** Kills the server at once, as a power cut would: nothing is flushed, the queues are lost. Resolves when its port and its files are free. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks the server to end, and kills what is left of it after a grace. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#wanted = false;
    this.#child = null;
    if (this.#answers) this.#answering = Promise.withResolvers();
    this.#answers = false;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      if (signal === "SIGTERM") {
        child.kill(signal);
        await Promise.race([exited, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
      }
      signalGroup(child.pid, "SIGKILL");
      await exited;
    }
    const { port, controlPort } = this.#options;
    await waitFor({ what: `the killed server to leave its ports`, timeoutMs: KILL_GRACE_MS, everyMs: KILL_PROBE_MS }, async () =>
      (await isFree(port)) && (await isFree(controlPort)) ? true : null,
    );
  }

  #arguments(): string[] {
    const { bundle, port, controlPort, persistTo, envFile, vars, inspectorPort, registry, edge = false } = this.#options;
    const settings = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
    const places = ["--bundle", bundle, "--persist-to", persistTo, "--env-file", envFile];
    const inspector = inspectorPort === undefined ? [] : ["--inspector-port", String(inspectorPort)];
    const others = [...(registry === undefined ? [] : ["--registry", registry]), ...(edge ? ["--edge"] : [])];
    return [...places, "--port", String(port), "--control-port", String(controlPort), ...inspector, ...others, ...settings];
  }

  #keep(line: string): void {
    if (line.trim() === "") return;
    appendFileSync(this.#options.logFile, `${line}\n`);
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }
}

function signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined) return;
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody of it is left.
  }
}
