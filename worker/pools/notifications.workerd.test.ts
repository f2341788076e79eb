import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { prizePool } from "../objects.ts";
import { consumePoolUploads } from "./notifications.ts";
import { newCampaignId, stockOf, uploadCampaign, uploadPool, withPools } from "./uploads.fixture.ts";

/** As R2 sends it: https://developers.cloudflare.com/r2/buckets/event-notifications/#message-format */
function notification(key: string, action = "PutObject") {
  return {
    account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
    action,
    bucket: "kuji-pools",
    object: { key, size: 65536, eTag: "c846ff7a18f28c2e262116d6e8719ef0" },
    eventTime: "2027-01-01T00:00:00.000Z",
  };
}

async function deliver(bodies: readonly unknown[], on: Env = env) {
  const messages = bodies.map((body, i) => ({ id: String(i), timestamp: new Date(0), attempts: 1, body }));
  const batch = createMessageBatch("pool-uploads", messages);
  await consumePoolUploads(batch, on);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) };
}

describe("an upload's notification", () => {
  it("imports the object, in whatever order the two files of a campaign are announced, and however often", async () => {
    const id = newCampaignId();
    const campaign = await uploadCampaign(id);
    const pool = await uploadPool(id, "a.csv", ["prize,quantity", "coupon,5"]);
    const bodies = [notification(pool), notification(campaign, "CompleteMultipartUpload"), notification(pool, "CopyObject")];
    expect(await deliver(bodies)).toEqual({ acked: ["0", "1", "2"], retried: [] });
    expect((await stockOf(id))?.prizes).toMatchObject([{ prize: "coupon", loaded: 5 }]);
  });

  it("of a refused file is done with", async () => {
    const id = newCampaignId();
    expect(await deliver([notification(await uploadPool(id, "a.csv", ["nothing"]))])).toEqual({ acked: ["0"], retried: [] });
  });

  it("of a deletion takes nothing out of a pool", async () => {
    const id = newCampaignId();
    await uploadCampaign(id);
    const pool = await uploadPool(id, "a.csv", ["prize,quantity", "coupon,5"]);
    await deliver([notification(pool)]);
    await env.POOLS.delete(pool);
    expect(await deliver([notification(pool, "DeleteObject"), notification(pool, "LifecycleDeletion")])).toMatchObject({ retried: [] });
    expect((await stockOf(id))?.prizes).toMatchObject([{ loaded: 5 }]);
  });

  it("that cannot be worked off comes back, the others of its batch do not", async () => {
    const [one, other] = [newCampaignId(), newCampaignId()];
    const broken = await uploadCampaign(one);
    const good = await uploadCampaign(other);
    const head = (key: string) => (key === broken ? Promise.reject(new Error("R2 is down")) : env.POOLS.head(key));
    expect(await deliver([notification(broken), notification(good)], withPools({ head }))).toEqual({ acked: ["1"], retried: ["0"] });
    expect(await prizePool(env, other).rules(other)).not.toBeNull();
  });

  it("that is none is dropped: the next scan finds what there is", async () => {
    expect(await deliver([null, "hello", { action: "PutObject" }, notification("x/campaign.json", "Explode")])).toEqual({
      acked: ["0", "1", "2", "3"],
      retried: [],
    });
  });
});
