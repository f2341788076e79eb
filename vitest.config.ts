import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Secrets of the runtime tests; the real ones are never in a file of the repo. */
const TEST_SECRETS = {
  CARD_KEY: "test card key, at least 32 characters",
  SESSION_KEY: "test session key, at least 32 characters",
  PARTNER_KEY: "test partner key, at least 32 characters",
  WEBHOOK_SECRET: "whsec_dGVzdCB3ZWJob29rIHNlY3JldCwgMzIgYnl0ZXMu",
  LINE_CHANNEL_ACCESS_TOKEN: "test channel access token",
};

export default defineConfig({
  test: {
    reporters: ["default"],
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
          exclude: ["**/*.workerd.test.ts", "**/node_modules/**"],
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ...TEST_SECRETS,
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
                MODEL_RUN: process.env["MODEL_RUN"] ?? "{}",
              },
            },
          })),
        ],
        test: {
          name: "workerd",
          include: ["worker/**/*.workerd.test.ts", "durable-objects/**/*.workerd.test.ts"],
          setupFiles: ["./test/workerd/setup.ts"],
          // No test measures time; on a machine that does other work, some seconds become many.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          globalSetup: ["./test/build-page.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
