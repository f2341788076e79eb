import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { openCampaign } from "../campaign.fixture.ts";
import type { CampaignRules, LeaseReply } from "../protocol.ts";
import { IssuerStorage } from "./storage/storage.ts";
import { Supply } from "./supply.ts";

/** A supply that has asked a pool and got this answer, of an issuer that holds rules of a version. */
async function askTold(rules: CampaignRules, held: number, reply: LeaseReply): Promise<Supply> {
  const campaign = await openCampaign({ coupon: 1 });
  return runInDurableObject(campaign.issuerStub(), async (_, { storage }) => {
    const supply = new Supply({
      storage: new IssuerStorage(storage),
      transaction: (work) => storage.transactionSync(work),
      pool: () => ({ lease: async () => reply, giveBack: async () => 0 }),
      waiting: () => 1,
      takeRules: ({ version }) => version >= held,
      supplied: () => {},
      failed: () => {},
      waitUntil: () => {},
      now: () => Date.now(),
    });
    await supply.ask({ campaign: rules.campaign, shard: 0 });
    return supply;
  });
}

it("takes no for an answer of the rules it holds, and not of those before", async () => {
  const rules = { ...(await openCampaign({ coupon: 1 })).rules, status: "paused", version: 2 } as CampaignRules;
  const paused: LeaseReply = { status: "empty", reason: "later", untilMs: null, rules };
  expect((await askTold(rules, 2, paused)).state).toBe("later");
  expect((await askTold(rules, 3, paused)).state).toBe("unknown");
});
