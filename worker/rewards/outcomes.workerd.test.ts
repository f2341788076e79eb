import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { describe, expect, it } from "vitest";
import { consumeRewards } from "./agent.ts";
import { archiveOutcomes } from "./archive-outcomes.ts";
import { packRewards } from "./message.ts";
import type { RewardRef } from "./message.ts";
import type { RewardOutcome } from "./outcomes.ts";
import { redriveStatements } from "./redrive.ts";
import { ledgerRewards, providerThat, publishPrizes, seedRewards } from "./rewards.fixture.ts";

const granting = () => Response.json({ granted: true, receipt: "r-1" });
const refusing = () => new Response(null, { status: 422 });

async function see(refs: readonly RewardRef[], to: Env, answer: () => Response): Promise<void> {
  const messages = packRewards(refs).flat();
  const batch = messages.map((body, i) => ({ id: String(i), timestamp: new Date(0), attempts: 1, body }));
  await consumeRewards(createMessageBatch("rewards", batch), to, providerThat(answer).tools);
}

async function redrive(refs: readonly RewardRef[]): Promise<void> {
  const db = drizzle(env.LEDGER);
  await db.batch(redriveStatements(db, refs, Date.now()));
}

interface Lake {
  readonly keys: readonly string[];
  readonly lines: readonly RewardOutcome[];
}

async function lakeOf(campaign: string): Promise<Lake> {
  const { objects } = await env.LAKE.list({ prefix: `rewards/${campaign}/` });
  const keys = objects.map(({ key }) => key);
  const texts = await Promise.all(keys.map(async (key) => (await env.LAKE.get(key))?.text()));
  const lines = texts.flatMap((text) => text?.trimEnd().split("\n") ?? []);
  return { keys, lines: lines.map((line) => JSON.parse(line) as RewardOutcome) };
}

const outboxOf = async (campaign: string) =>
  env.LEDGER.prepare("SELECT count(*) AS n FROM lake_outbox WHERE campaign = ?").bind(campaign).first<number>("n");

/** The lake, of which `put` does something else. */
function lakeWhere(put: (key: string, value: string) => Promise<void>): Env {
  const lake: Pick<R2Bucket, "put"> = {
    put: async (key: string, value: unknown) => {
      await put(key, String(value));
      return null as never;
    },
  };
  return { ...env, LAKE: lake as R2Bucket };
}

const away = lakeWhere(() => Promise.reject(new Error("R2 is away")));

describe("what became of rewards", () => {
  it("is brought to the lake by the batch, as the ledger has it", async () => {
    const { campaign, env: house } = await publishPrizes();
    const granted = await seedRewards(30, { campaign });
    const refused = await seedRewards(3, { campaign, attempts: 4 });
    await see(granted, house, granting);
    await see(refused, house, refusing);
    expect(await archiveOutcomes(env)).toBe(1);
    const { keys, lines } = await lakeOf(campaign);
    const date = new Date(lines[0]?.at ?? 0).toISOString().slice(0, 10);
    expect(keys).toEqual([expect.stringMatching(new RegExp(`^rewards/${campaign}/${date}/\\d{12}-[0-9a-f]{16}\\.ndjson$`))]);
    const ledger = await ledgerRewards(campaign);
    expect(lines.toSorted((a, b) => (a.card < b.card ? -1 : 1))).toEqual(
      ledger.map(({ card, status, attempts, granted_at, failed_at, last_error: lastError }) => ({
        type: status,
        at: granted_at ?? failed_at,
        card,
        version: 1,
        prize: "points",
        redrives: 0,
        attempts,
        lastError,
        receipt: status === "granted" ? { granted: true, receipt: "r-1" } : null,
      })),
    );
    expect(await outboxOf(campaign)).toBe(0);
    expect(await archiveOutcomes(env)).toBe(0);
  });

  it("is told anew after a redrive, under a higher version", async () => {
    const { campaign, env: house } = await publishPrizes();
    const refs = await seedRewards(1, { campaign });
    await see(refs, house, refusing);
    await redrive(refs);
    await see(refs, house, refusing);
    await archiveOutcomes(env);
    await redrive(refs);
    await redrive(refs);
    await see(refs, house, granting);
    await archiveOutcomes(env);
    const { lines } = await lakeOf(campaign);
    expect(lines.toSorted((a, b) => a.version - b.version)).toMatchObject([
      { type: "failed", version: 1, redrives: 0, lastError: "answered 422" },
      { type: "redriven", version: 2, redrives: 1, attempts: 0, lastError: "answered 422" },
      { type: "failed", version: 3, redrives: 1, attempts: 1 },
      { type: "redriven", version: 4, redrives: 2 },
      { type: "granted", version: 5, redrives: 2, attempts: 1, receipt: { granted: true } },
    ]);
  });

  it("says nothing of what is still pending, and a doubled message says it once", async () => {
    const { campaign, env: house } = await publishPrizes();
    const refs = await seedRewards(2, { campaign });
    await see(refs, house, () => new Response(null, { status: 500 }));
    expect(await outboxOf(campaign)).toBe(0);
    const due = await seedRewards(2, { campaign });
    await see([...due, ...due], house, granting);
    await see(due, house, granting);
    await archiveOutcomes(env);
    expect((await lakeOf(campaign)).lines.map(({ card }) => card).toSorted()).toEqual(due.map(({ card }) => card));
  });

  it("waits for the lake when that is away, and keeps no prize waiting", async () => {
    const { campaign, env: house } = await publishPrizes();
    const first = await seedRewards(2, { campaign });
    await see(first, { ...house, LAKE: away.LAKE }, granting);
    expect((await ledgerRewards(campaign)).map(({ status }) => status)).toEqual(["granted", "granted"]);
    await expect(archiveOutcomes(away)).rejects.toThrow("R2 is away");
    const second = await seedRewards(1, { campaign });
    await see(second, { ...house, LAKE: away.LAKE }, granting);
    await archiveOutcomes(env);
    expect((await lakeOf(campaign)).lines.map(({ card }) => card).toSorted()).toEqual([...first, ...second].map(({ card }) => card));
  });

  it("comes again, never less, when the lake took it and the ledger did not hear, or two runs are at it at once", async () => {
    const { campaign, env: house } = await publishPrizes();
    const refs = await seedRewards(4, { campaign });
    await see(refs.slice(0, 2), house, granting);
    const taken = lakeWhere(async (key, value) => {
      await env.LAKE.put(key, value);
      throw new Error("the answer was lost");
    });
    await expect(archiveOutcomes(taken)).rejects.toThrow("the answer was lost");
    await see(refs.slice(2), house, granting);
    await Promise.all([archiveOutcomes(env), archiveOutcomes(env)]);
    const { lines } = await lakeOf(campaign);
    expect(new Set(lines.map(({ card, version }) => `${card} ${version}`)).size).toBe(4);
    expect(lines.length).toBeGreaterThan(4);
    expect(await outboxOf(campaign)).toBe(0);
  });

  it("is kept apart by campaign, and takes as many objects as it needs", async () => {
    const [one, other] = [await publishPrizes(), await publishPrizes()];
    const refs = [...(await seedRewards(2, { campaign: one.campaign })), ...(await seedRewards(3, { campaign: other.campaign }))];
    await env.LEDGER.prepare("UPDATE rewards SET prize = 'code', kind = 'code' WHERE campaign IN (?, ?)")
      .bind(one.campaign, other.campaign)
      .run();
    await see(refs, one.env, granting);
    const big = `${JSON.stringify({ filler: "x".repeat(1_500_000) })}\n`;
    const insert = env.LEDGER.prepare("INSERT INTO lake_outbox (campaign, at, body) VALUES (?, 0, ?)");
    for (let row = 0; row < 5; row++) await insert.bind(one.campaign, big).run();
    expect(await archiveOutcomes(env)).toBe(3);
    expect((await lakeOf(one.campaign)).lines).toHaveLength(2 + 5);
    expect((await lakeOf(other.campaign)).lines).toHaveLength(3);
  });
});
