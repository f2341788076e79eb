import { createMessageBatch } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { consumeRewards } from "./agent.ts";
import { packRewards } from "./message.ts";
import { ledgerRewards, providerThat, publishPrizes, seedRewards } from "./rewards.fixture.ts";
import { SWEEP_AFTER_MS, sweepRewards } from "./sweep.ts";

const NOW = Date.now();
const LONG_AGO = NOW - SWEEP_AFTER_MS - 1;

describe("the sweeper", () => {
  test("sends rewards again whose message was lost, once", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const neverTried = await seedRewards(2, { campaign, createdAt: LONG_AGO });
    const triedOnce = await seedRewards(3, { campaign, createdAt: 0, attempts: 1, nextAttemptAt: LONG_AGO });
    expect(await sweepRewards(env, NOW)).toBe(5);
    expect(new Set(sent.flatMap(({ rewards }) => rewards.map(({ card }) => card)))).toEqual(
      new Set([...neverTried, ...triedOnce].map(({ card }) => card)),
    );
    expect(await sweepRewards(env, NOW + 60_000)).toBe(0);
    expect(await sweepRewards(env, NOW + SWEEP_AFTER_MS + 1)).toBe(5);
    await seeTo(env, sent.at(-1)?.rewards ?? []);
  });

  test.each([
    ["a settlement that died before it sent it on, or an agent before it wrote anything", { attempts: 0, nextAttemptAt: null }],
    ["a message that was dead-lettered or lost after some attempts", { attempts: 5, nextAttemptAt: LONG_AGO }],
    ["a redrive whose message was never sent", { attempts: 0, nextAttemptAt: LONG_AGO }],
    ["a version that wrote a due time when it settled", { attempts: 0, nextAttemptAt: LONG_AGO }],
  ])("finds a reward that was lost by %s", async (_, row) => {
    const { campaign, env, sent } = await publishPrizes();
    const lost = await seedRewards(1, { campaign, createdAt: LONG_AGO, ...row });
    await sweepRewards(env, NOW);
    expect(sent.flatMap(({ rewards }) => rewards)).toEqual(lost);
    await seeTo(env, lost);
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted" }]);
  });

  test("sends again next time what the queue did not take", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const lost = await seedRewards(1, { campaign, createdAt: LONG_AGO });
    const full = { ...env.REWARDS, sendBatch: () => Promise.reject(new Error("queue is full")) } as unknown as Queue;
    await expect(sweepRewards({ ...env, REWARDS: full }, NOW)).rejects.toThrow("queue is full");
    await sweepRewards(env, NOW + SWEEP_AFTER_MS + 1);
    expect(sent.flatMap(({ rewards }) => rewards)).toEqual(lost);
    await seeTo(env, lost);
  });

  test("lets be what is on its way, waits for its turn, or has ended", async () => {
    const { campaign, env } = await publishPrizes();
    await seedRewards(1, { campaign, createdAt: NOW - 1_000 });
    await seedRewards(1, { campaign, createdAt: 0, nextAttemptAt: NOW + 3_600_000 });
    await seedRewards(1, { campaign, createdAt: 0, nextAttemptAt: NOW - 1_000 });
    await seedRewards(1, { campaign, createdAt: 0, status: "granted" });
    await seedRewards(1, { campaign, createdAt: 0, status: "failed" });
    expect(await sweepRewards(env, NOW)).toBe(0);
  });

  test("sends what the agent takes for due", async () => {
    const { campaign, env, sent } = await publishPrizes();
    await seedRewards(3, { campaign, createdAt: LONG_AGO });
    await sweepRewards(env);
    await seeTo(
      env,
      sent.flatMap(({ rewards }) => rewards),
    );
    expect((await ledgerRewards(campaign)).map(({ status }) => status)).toEqual(["granted", "granted", "granted"]);
  });

  test("forgets which rewards were fresh once it has looked at them, and finds those that are pending still by their time", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const entries = async () =>
      env.LEDGER.prepare("SELECT count(*) AS n FROM fresh_rewards WHERE cards LIKE '%' || ? || '%'").bind(campaign).first<number>("n");
    const [lost = [], granted = [], young = []] = await Promise.all(
      [LONG_AGO, LONG_AGO, NOW].map(async (createdAt) => seedRewards(2, { campaign, createdAt })),
    );
    await seeTo(env, granted);
    expect(await entries()).toBe(3);
    await sweepRewards(env, NOW);
    expect(await entries()).toBe(1);
    await sweepRewards(env, NOW + SWEEP_AFTER_MS + 1);
    expect(await entries()).toBe(0);
    const again = sent.flatMap(({ rewards }) => rewards).filter((reward) => reward.campaign === campaign);
    expect(again.map(({ card }) => card).toSorted()).toEqual([...lost, ...lost, ...young].map(({ card }) => card).toSorted());
  });

  test("takes a bounded number at a time, and the rest next time", async () => {
    const { campaign, env, sent } = await publishPrizes();
    await seedRewards(2_500, { campaign, createdAt: LONG_AGO });
    expect(await sweepRewards(env, NOW)).toBe(2_000);
    expect(sent).toHaveLength(100);
    expect(await sweepRewards(env, NOW)).toBe(500);
    expect(await sweepRewards(env, NOW)).toBe(0);
    expect(new Set(sent.flatMap(({ rewards }) => rewards.map(({ card }) => card))).size).toBe(2_500);
  });
});

async function seeTo(env: Env, rewards: readonly { card: string; campaign: string }[]): Promise<void> {
  const messages = packRewards(rewards)
    .flat()
    .map((body, i) => ({ id: String(i), timestamp: new Date(0), attempts: 1, body }));
  await consumeRewards(createMessageBatch("rewards", messages), env, providerThat(() => Response.json({ granted: true })).tools);
}
