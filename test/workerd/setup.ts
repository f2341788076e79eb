import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
import { boundLedgers } from "../../worker/ledger/ledgers.ts";

beforeAll(async () => {
  for (const { LEDGER } of boundLedgers(env)) await applyD1Migrations(LEDGER, env.TEST_MIGRATIONS);
});
