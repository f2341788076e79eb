import { createMessageBatch } from "cloudflare:test";
import { drizzle } from "drizzle-orm/d1";
import { expect, test } from "vitest";
import { consumeRewards } from "./agent.ts";
import { packRewards } from "./message.ts";
import { planRedrive, redriveStatements } from "./redrive.ts";
import { providerThat, publishPrizes, seedRewards } from "./rewards.fixture.ts";
import { sweepRewards } from "./sweep.ts";

/** What SQLite would do for each statement that `work` gives to the ledger. */
async function plansOf(env: Env, work: (watched: Env) => Promise<unknown>): Promise<string[]> {
  const asked: D1PreparedStatement[] = [];
  const watch = (query: string, own: D1PreparedStatement): D1PreparedStatement => {
    const bind = (...values: unknown[]) => {
      asked.push(env.LEDGER.prepare(`EXPLAIN QUERY PLAN ${query}`).bind(...values));
      return own.bind(...values);
    };
    return new Proxy(own, { get: (target, name) => (name === "bind" ? bind : Reflect.get(target, name)) });
  };
  const prepare = (query: string) => watch(query, env.LEDGER.prepare(query));
  const ledger = new Proxy(env.LEDGER, {
    get: (target, name) => {
      const value: unknown = name === "prepare" ? prepare : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await work({ ...env, LEDGER: ledger });
  const plans = await Promise.all(asked.map((statement) => statement.all<{ detail: string }>()));
  return plans.flatMap(({ results }) => results.map(({ detail }) => detail));
}

/** Steps that read rewards by what thousands of them share, while a provider is away. */
const BY_WHAT_MANY_SHARE = /SCAN rewards|rewards_campaign|rewards_status \(status=\?\)$/;

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
  expect(byStatus).toEqual(["SEARCH rewards USING INDEX rewards_status (status=?)"]);
});

test("the sweeper reads what is overdue, and not what is pending", async () => {
  const { env } = await publishPrizes();
  const plans = await plansOf(env, (watched) => sweepRewards(watched));
  expect(plans.filter((step) => BY_WHAT_MANY_SHARE.test(step))).toEqual([]);
  expect(plans).toContain("SEARCH rewards USING COVERING INDEX rewards_status (status=? AND next_attempt_at<?)");
});
