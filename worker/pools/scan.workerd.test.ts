import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { prizePool } from "../objects.ts";
import { scanUploads } from "./scan.ts";
import { newCampaignId, rowsOf, stockOf, upload, uploadCampaign, uploadPool, withPools } from "./uploads.fixture.ts";

describe("a scan", () => {
  it("imports what is new, campaign files first, and leaves what is known", async () => {
    const id = newCampaignId();
    const [pool, bad] = [
      await uploadPool(id, "a.csv", ["prize,quantity", "coupon,5"]),
      await uploadPool(id, "b.csv", ["prize,quantity", "coupon,-5"]),
    ];
    const campaign = await uploadCampaign(id);
    expect(await scanUploads(env, id)).toEqual({
      imported: [
        { object: campaign, cards: null },
        { object: pool, cards: 5 },
      ],
      refused: [{ object: bad, faults: [expect.objectContaining({ code: "quantity_not_positive", line: 2 })], more: 0 }],
      failed: [],
      underWay: [],
      unchanged: 0,
      remaining: 0,
    });
    expect(await scanUploads(env, id)).toEqual({ imported: [], refused: [], failed: [], underWay: [], unchanged: 3, remaining: 0 });
  });

  it("tries again, in the same run, what an unknown campaign or prize had kept out", async () => {
    const id = newCampaignId();
    const pool = await uploadPool(id, "a.csv", ["prize,quantity", "coupon,5"]);
    expect(await scanUploads(env, id)).toMatchObject({ refused: [{ faults: [{ code: "campaign_unknown" }] }] });
    const campaign = await uploadCampaign(id);
    expect(await scanUploads(env, id)).toMatchObject({ imported: [{ object: campaign }, { object: pool, cards: 5 }], unchanged: 0 });
  });

  it("looks at the one campaign that it is asked for, or at all", async () => {
    const [one, other] = [newCampaignId(), newCampaignId()];
    await uploadCampaign(one);
    await uploadCampaign(other);
    await scanUploads(env, one);
    expect(await prizePool(env, other).rules(other)).toBeNull();
    await scanUploads(env);
    expect(await prizePool(env, other).rules(other)).not.toBeNull();
  });

  it("goes on past an object that fails, and takes that one up the next time", async () => {
    const id = newCampaignId();
    await uploadCampaign(id);
    const broken = await uploadPool(id, "a.csv", ["prize,quantity", "coupon,5"]);
    const good = await uploadPool(id, "b.csv", ["prize,quantity", "coupon,6"]);
    const head = (key: string) => (key === broken ? Promise.reject(new Error("R2 is down")) : env.POOLS.head(key));
    expect(await scanUploads(withPools({ head }), id)).toMatchObject({ imported: [{}, { object: good, cards: 6 }], failed: [broken] });
    expect(await scanUploads(env, id)).toMatchObject({ imported: [{ object: broken, cards: 5 }], failed: [] });
  });

  it("at the same time as others imports once", async () => {
    const id = newCampaignId();
    await uploadCampaign(id);
    const pool = await uploadPool(id, "a.csv", ["prize,quantity", "coupon,5"]);
    await Promise.all(Array.from({ length: 5 }, () => scanUploads(env, id)));
    await scanUploads(env, id);
    expect((await stockOf(id))?.prizes).toMatchObject([{ prize: "coupon", loaded: 5 }]);
    expect((await prizePool(env, id).rules(id))?.version).toBe(1);
    expect(await rowsOf(pool)).toEqual([{ status: "imported", cards: 5, faults: null }]);
    expect(await rowsOf(`${id}/campaign.json`)).toHaveLength(1);
  });

  it("pages through a bucket of many objects", async () => {
    const id = newCampaignId();
    await uploadCampaign(id);
    await Promise.all(Array.from({ length: 30 }, (_, i) => upload(`${id}/pools/x-${i}.errors.json`, "{}")));
    const pool = await uploadPool(id, "z.csv", ["prize,quantity", "coupon,5"]);
    const list = ((options: R2ListOptions) => env.POOLS.list({ ...options, limit: 7 })) as R2Bucket["list"];
    expect(await scanUploads(withPools({ list }), id)).toMatchObject({ imported: [{}, { object: pool }] });
  });
});
