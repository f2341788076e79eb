import { relative } from "node:path";
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

const TELL_EVERY_MS = 30_000;
/** Longer than any test may take. */
const STUCK_AFTER_MS = 10 * 60_000;
const END_WITHIN_MS = 30_000;

/**
 * Tells now and then which files run, and ends a run in which nothing has moved for ten minutes: a test that blocks its process is not ended by
 * its own time limit, and would hold up the run for ever without a word.
 */
export class ProgressReporter implements Reporter {
  readonly #out: NodeJS.WriteStream;
  readonly #running = new Map<TestModule, { readonly since: number; done: number; test: string | null }>();
  #vitest: Vitest | null = null;
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #movedAt = 0;
  #files = 0;
  #finished = 0;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#files = specifications.length;
    this.#finished = 0;
    this.#startedAt = Date.now();
    this.#moved();
    this.#timer = setInterval(() => this.#tell(), TELL_EVERY_MS);
  }

  onTestModuleStart(file: TestModule): void {
    this.#moved();
    this.#running.set(file, { since: Date.now(), done: 0, test: null });
  }

  onTestCaseReady(test: TestCase): void {
    this.#moved();
    const file = this.#running.get(test.module);
    if (file !== undefined) file.test = test.fullName;
  }

  onTestCaseResult(test: TestCase): void {
    this.#moved();
    const file = this.#running.get(test.module);
    if (file !== undefined) file.done += 1;
  }

  onTestModuleEnd(file: TestModule): void {
    this.#moved();
    this.#finished += 1;
    this.#running.delete(file);
  }

  onUserConsoleLog(): void {
    this.#moved();
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  #moved(): void {
    this.#movedAt = Date.now();
  }

  #tell(): void {
    const now = Date.now();
    const running = [...this.#running].map(([file, { since, done }]) => `${nameOf(file)} (${clock(now - since)}, ${done} tests)`);
    // On a terminal Vitest shows as much by itself.
    if (!this.#out.isTTY) {
      this.#out.write(
        `${clock(now - this.#startedAt)}  ${this.#finished} of ${this.#files} test files done${running.length === 0 ? "" : `; now ${running.join(", ")}`}\n`,
      );
    }
    if (now - this.#movedAt >= STUCK_AFTER_MS) this.#giveUp();
  }

  #giveUp(): void {
    clearInterval(this.#timer);
    const stuck = [...this.#running].map(([file, { test }]) => `  ${nameOf(file)} › ${test ?? "none of its tests yet"}`);
    this.#out.write(`Nothing has moved for ${clock(STUCK_AFTER_MS)}: the run is given up. Under way were\n${stuck.join("\n")}\n`);
    process.exitCode = 1;
    // The second time the processes are killed that did not end when they were asked to.
    void this.#vitest?.cancelCurrentRun("test-failure");
    void this.#vitest?.cancelCurrentRun("test-failure");
    setTimeout(() => process.exit(1), END_WITHIN_MS);
  }
}

function nameOf({ moduleId }: TestModule): string {
  return relative(process.cwd(), moduleId);
}

/** Minutes and seconds, `2:05`. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
