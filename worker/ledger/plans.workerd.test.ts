import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { describe, expect, it } from "vitest";
import { publishCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { consumeRewards } from "../rewards/agent.ts";
import { packRewards } from "../rewards/message.ts";
import { planRedrive, redriveStatements, releaseHeld } from "../rewards/redrive.ts";
import { providerThat, publishPrizes, seedRewards } from "../rewards/rewards.fixture.ts";
import { sweepRewards } from "../rewards/sweep.ts";
import { chainBlocks } from "./blocks.fixture.ts";
import { campaignCards, campaignRewards } from "./export.ts";
import { ledgerHash } from "./content-hash.ts";
import { countHeld } from "./held-rewards.ts";
import { plansOf } from "./plans.fixture.ts";
import { findCards, listRewards, ownCards, rewardOf } from "./queries.ts";
import { consumeCardEvents } from "./settle.ts";

const AT = Date.parse("2027-02-05T12:00:10Z");
const CARD = "card".padEnd(32, "x");

/** Steps that read cards or rewards, by whatever name a statement calls them. */
const OF_ROWS = /^(SCAN|SEARCH) (cards|rewards|c|r)\b/;
/** Of those, such as read all of them, or all of a campaign. */
const OF_ALL = /^SCAN|\(campaign=\?\)$/;

async function stepsOf(work: (watched: Env) => Promise<unknown>, given: Env = env): Promise<string[]> {
  const steps = (await plansOf(given, work)).filter((step) => OF_ROWS.test(step));
  expect(steps).not.toEqual([]);
  return steps;
}

async function rowsOf(slices: AsyncIterable<readonly unknown[]>): Promise<number> {
  let rows = 0;
  for await (const slice of slices) rows += slice.length;
  return rows;
}

const EVENTS: readonly CardEvent[] = [
  {
    type: "issued",
    at: AT,
    card: CARD,
    version: 1,
    prize: "points",
    request: "request",
    recipient: "r",
    segment: "first.csv",
    position: 1,
  },
  { type: "revealed", at: AT, card: CARD, version: 2, prize: "points", user: "Ualice" },
  { type: "redeemed", at: AT, card: CARD, version: 3, prize: "points", user: "Ualice", kind: "webhook" },
];

describe("no table of millions is read for one card", () => {
  it("by settlement", async () => {
    const { id } = await publishCampaign();
    const bodies = chainBlocks(
      id,
      EVENTS.map((event) => [event]),
    );
    for (const bytes of bodies) {
      const messages = [{ id: "m", timestamp: new Date(0), attempts: 1, body: bytes.slice().buffer }];
      const plans = await plansOf(env, (watched) => consumeCardEvents(createMessageBatch("card-events", messages), watched));
      expect(plans.filter((step) => OF_ROWS.test(step) && OF_ALL.test(step))).toEqual([]);
    }
  });

  it("by the reward agent, its sweep and a redrive", async () => {
    const { campaign, env: own } = await publishPrizes();
    const refs = await seedRewards(3, { campaign });
    const steps = await stepsOf(async (watched) => {
      const batch = createMessageBatch(
        "rewards",
        packRewards(refs)
          .flat()
          .map((body, i) => ({ id: `m${i}`, timestamp: new Date(), attempts: 1, body })),
      );
      await consumeRewards(batch, watched, providerThat(() => new Response(null, { status: 500 })).tools);
      await sweepRewards(watched);
      const db = drizzle(watched.LEDGER);
      const ids = refs.map(({ card }) => card);
      for (const held of [true, false]) {
        await planRedrive(db, { campaign, held });
        await planRedrive(db, { campaign, ids, held });
      }
      await db.batch(redriveStatements(db, refs, AT));
      await db.batch([releaseHeld(db, refs, AT)]);
      await countHeld(watched, campaign);
    }, own);
    expect(steps.filter((step) => OF_ALL.test(step))).toEqual([]);
  });

  it("by lists of rewards that are not granted", async () => {
    const steps = await stepsOf(async (watched) => {
      for (const status of ["pending", "failed"] as const) {
        await listRewards(watched, { campaign: "c", status, limit: 10 });
        await listRewards(watched, { campaign: "c", status, cursor: CARD, limit: 10 });
      }
    });
    expect(new Set(steps)).toEqual(
      new Set([
        "SEARCH rewards USING COVERING INDEX rewards_waiting (status=? AND next_attempt_at>?)",
        "SEARCH rewards USING COVERING INDEX rewards_waiting (status=?)",
        "SEARCH rewards USING PRIMARY KEY (campaign=? AND card=?)",
      ]),
    );
  });

  it("by own cards, and the state of a reward", async () => {
    const steps = await stepsOf(async (watched) => {
      await ownCards(watched, { campaign: "c", lineUserId: "Ualice", after: null, limit: 10 });
      await ownCards(watched, { campaign: "c", lineUserId: "Ualice", after: { at: AT, card: CARD }, limit: 10 });
      await rewardOf(watched, "c", CARD);
    });
    expect(steps).toEqual([
      expect.stringContaining("cards_line_user (line_user=? AND campaign=?"),
      expect.stringContaining("cards_line_user (line_user=? AND campaign=?"),
      "SEARCH rewards USING PRIMARY KEY (campaign=? AND card=?)",
    ]);
  });

  it("by customer care", async () => {
    const steps = await stepsOf((watched) => findCards(watched, CARD, { named: [{ campaign: "c", card: CARD }], campaigns: ["c"] }));
    expect(steps.filter((step) => OF_ALL.test(step))).toEqual([]);
    for (const index of ["cards_line_user", "cards_code", "PRIMARY KEY (campaign=? AND card=?)"]) {
      expect(steps).toContainEqual(expect.stringContaining(index));
    }
  });

  it("by an export or a hash, which read a campaign's rows along their key", async () => {
    const steps = await stepsOf(async (watched) => {
      await rowsOf(campaignCards(watched, "c"));
      await rowsOf(campaignRewards(watched, "c"));
      await ledgerHash(watched, "c");
    });
    expect(new Set(steps.map((step) => step.replace(/^SEARCH \w+ USING /, "")))).toEqual(new Set(["PRIMARY KEY (campaign=? AND card>?)"]));
  });
});
