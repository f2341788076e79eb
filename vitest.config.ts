import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";
import { ProgressReporter } from "./test/progress-reporter.ts";

/** Secrets of the runtime tests; the real ones are never in a file of the repo. */
const TEST_SECRETS = {
  CARD_KEY: "test card key, at least 32 characters",
  SESSION_KEY: "test session key, at least 32 characters",
  PARTNER_KEY: "test partner key, at least 32 characters",
  WEBHOOK_SECRET: "whsec_dGVzdCB3ZWJob29rIHNlY3JldCwgMzIgYnl0ZXMu",
  LINE_CHANNEL_ACCESS_TOKEN: "test channel access token",
};

/**
 * A log of an object or a queue's consumer that comes after its file's last message to Vitest is never sent, and Vitest waits for it without end
 * (https://github.com/cloudflare/workers-sdk/issues/15719). Written by the runtime itself it holds up nobody.
 */
const LOGS_OF_THE_RUNTIME = { disableConsoleIntercept: true };

/** No test measures time; on a machine that does other work, one minute becomes five. A reward whose message is lost is found again within three. */
const PATIENCE = { testTimeout: 420_000, hookTimeout: 420_000, expect: { poll: { timeout: 300_000 } } };

/** The real runtime, as wrangler.toml has it, and further ledgers by their bindings. */
function inWorkerd(ledgers: Readonly<Record<string, string>> = {}) {
  return cloudflareTest(async () => ({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      d1Databases: ledgers,
      bindings: {
        ...TEST_SECRETS,
        TEST_MIGRATIONS: await readD1Migrations("./migrations"),
        MODEL_RUN: process.env["MODEL_RUN"] ?? "{}",
      },
    },
  }));
}

export default defineConfig({
  test: {
    reporters: ["default", new ProgressReporter()],
    sequence: { sequencer: LongestFirst },
    // Many tests wait: for a queue, an alarm, a server. Two cores have time for a third meanwhile.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "pure",
          include: [
            "worker/**/*.test.ts",
            "durable-objects/**/*.test.ts",
            "sandbox/**/*.test.ts",
            "scripts/**/*.test.ts",
            "web/**/*.test.ts",
            "soak/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
          exclude: ["**/*.workerd.test.ts", "**/*.ledgers.test.ts", "**/node_modules/**"],
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
        },
      },
      {
        plugins: [inWorkerd()],
        test: {
          ...LOGS_OF_THE_RUNTIME,
          name: "workerd",
          include: ["worker/**/*.workerd.test.ts", "durable-objects/**/*.workerd.test.ts"],
          setupFiles: ["./test/workerd/setup.ts"],
          ...PATIENCE,
        },
      },
      {
        plugins: [inWorkerd({ LEDGER_2: "kuji-ledger-2", LEDGER_3: "kuji-ledger-3" })],
        test: {
          ...LOGS_OF_THE_RUNTIME,
          name: "ledgers",
          include: ["worker/**/*.ledgers.test.ts"],
          setupFiles: ["./test/workerd/setup.ts"],
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          globalSetup: ["./test/build-page.ts"],
          ...PATIENCE,
          // After the others, for each has a whole app of its own, or a browser.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
        },
      },
    ],
  },
});
