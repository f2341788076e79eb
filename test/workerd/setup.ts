import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";

beforeAll(() => applyD1Migrations(env.LEDGER, env.TEST_MIGRATIONS));
