import { createMessageBatch } from "cloudflare:test";
import { drizzle } from "drizzle-orm/d1";
import { expect, test } from "vitest";
import { consumeRewards } from "./agent.ts";
import { packRewards } from "./message.ts";
import { plansOf } from "../ledger/plans.fixture.ts";
import { planRedrive, redriveStatements } from "./redrive.ts";
import { providerThat, publishPrizes, seedRewards } from "./rewards.fixture.ts";
import { sweepRewards } from "./sweep.ts";

/** Steps that read rewards by what thousands of them share, while a provider is away. */
const BY_WHAT_MANY_SHARE = /^SCAN (rewards|r)\b|^SEARCH (rewards|r) .*\((campaign|status)=\?\)$/;

test("a reward is found by its card, however many are pending", async () => {
  const { campaign, env } = await publishPrizes();
  const refs = await seedRewards(3, { campaign });
  const plans = await plansOf(env, async (watched) => {
    const batch = createMessageBatch(
      "rewards",
      packRewards(refs)
        .flat()
        .map((body, i) => ({ id: `m${i}`, timestamp: new Date(), attempts: 1, body })),
    );
    await consumeRewards(batch, watched, providerThat(() => Response.json({ granted: true })).tools);
    const db = drizzle(watched.LEDGER);
    await planRedrive(db, { campaign, ids: refs.map(({ card }) => card), held: false });
    await db.batch(redriveStatements(db, refs, Date.now()));
  });
  expect(plans.filter((step) => step.includes("SEARCH rewards USING PRIMARY KEY")).length).toBeGreaterThanOrEqual(4);
  const byStatus = plans.filter((step) => BY_WHAT_MANY_SHARE.test(step));
  // Failures are counted, which are few.
  expect(byStatus).toEqual(["SEARCH rewards USING COVERING INDEX rewards_waiting (status=?)"]);
});

test("the sweeper reads what is overdue, and not what is pending", async () => {
  const { env } = await publishPrizes();
  const plans = await plansOf(env, (watched) => sweepRewards(watched));
  expect(plans.filter((step) => BY_WHAT_MANY_SHARE.test(step))).toEqual([]);
  expect(plans).toContain("SEARCH rewards USING COVERING INDEX rewards_waiting (status=? AND next_attempt_at<?)");
});
