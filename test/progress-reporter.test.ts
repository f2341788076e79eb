import { join } from "node:path";
import type { TestCase, TestModule, Vitest } from "vitest/node";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ROOT } from "../scripts/wrangler.ts";
import { ProgressReporter } from "./progress-reporter.ts";

const FILE = { moduleId: join(ROOT, "test/a.test.ts") } as TestModule;
const TEST = { module: FILE, fullName: "a > works" } as TestCase;

let told: string;
let reporter: ProgressReporter;
const cancelCurrentRun = vi.fn<Vitest["cancelCurrentRun"]>();
const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);

beforeEach(() => {
  vi.useFakeTimers();
  told = "";
  const out = { isTTY: false, write: (text: string) => (told += text) } as unknown as NodeJS.WriteStream;
  reporter = new ProgressReporter(out);
  reporter.onInit({ cancelCurrentRun } as unknown as Vitest);
  reporter.onTestRunStart([FILE, FILE]);
});
afterEach(() => {
  reporter.onTestRunEnd();
  process.exitCode = undefined;
  vi.clearAllMocks();
  vi.useRealTimers();
});

it("tells which files run, and for how long", () => {
  vi.advanceTimersByTime(25_000);
  reporter.onTestModuleStart(FILE);
  reporter.onTestCaseResult(TEST);
  vi.advanceTimersByTime(35_000);
  reporter.onTestModuleEnd(FILE);
  vi.advanceTimersByTime(30_000);
  expect(told.split("\n")).toEqual([
    "0:30  0 of 2 test files done; now test/a.test.ts (0:05, 1 tests)",
    "1:00  0 of 2 test files done; now test/a.test.ts (0:35, 1 tests)",
    "1:30  1 of 2 test files done",
    "",
  ]);
});

it("gives up a run in which nothing has moved for ten minutes, and says what was under way", () => {
  reporter.onTestModuleStart(FILE);
  reporter.onTestCaseReady(TEST);
  vi.advanceTimersByTime(9 * 60_000);
  reporter.onUserConsoleLog();
  vi.advanceTimersByTime(9 * 60_000);
  expect(cancelCurrentRun).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(told).toMatch(/Nothing has moved for 10:00: the run is given up\. Under way were\n {2}test\/a\.test\.ts › a > works\n$/);
  expect(cancelCurrentRun).toHaveBeenCalledTimes(2);
  expect(process.exitCode).toBe(1);
  vi.advanceTimersByTime(30_000);
  expect(exit).toHaveBeenCalledWith(1);
});
