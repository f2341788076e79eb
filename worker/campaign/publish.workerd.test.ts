import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { prizePool } from "../objects.ts";
import { publishCampaign, recordStatus } from "./publish.ts";
import { toRules } from "./rules.ts";
import { campaignFileSchema } from "./schema.ts";
import type { CampaignFile } from "./schema.ts";
import { campaignSnapshot, snapshotKey } from "./snapshot.ts";

let campaigns = 0;
function newFile(over: Partial<CampaignFile> = {}): CampaignFile {
  campaigns += 1;
  return campaignFileSchema.parse({
    id: `publish-${campaigns}`,
    title: { en: "Spring scratch" },
    timezone: "Asia/Taipei",
    startsAt: "2027-02-05T12:00:00Z",
    endsAt: "2127-02-20T16:00:00Z",
    line: { channelId: "2000000000", liffId: "2000000000-abcdefgh" },
    expectedPeakPerSecond: 600,
    fallback: "thanks",
    prizes: [{ id: "thanks", kind: "none", name: { en: "Thank you" } }],
    ...over,
  });
}

function rowOf(campaign: string) {
  return env.LEDGER.prepare("SELECT * FROM campaigns WHERE campaign = ?").bind(campaign).first();
}

function stored(campaign: string) {
  return env.CONFIG.get(snapshotKey(campaign), "json");
}

describe("publishing a campaign", () => {
  it("reaches its pool, D1 and KV", async () => {
    const file = newFile();
    const outcome = await publishCampaign(env, file, "etag-1", 1_000);
    expect(outcome).toMatchObject({ status: "published", changed: true, rules: { ...toRules(file, 1), version: 1, status: "draft" } });
    expect(await rowOf(file.id)).toMatchObject({ etag: "etag-1", version: 1, status: "draft", shards: 2, published_at: 1_000 });
    expect(await stored(file.id)).toEqual({ file, version: 1, shards: 2, ledgers: null });
    expect(await campaignSnapshot(env, file.id)).toEqual({ file, version: 1, shards: 2, ledgers: null });
  });

  it("again changes nothing", async () => {
    const file = newFile();
    await publishCampaign(env, file, "etag-1", 1_000);
    expect(await publishCampaign(env, file, "etag-1", 2_000)).toMatchObject({ status: "published", changed: false, rules: { version: 1 } });
    expect(await stored(file.id)).toEqual({ file, version: 1, shards: 2, ledgers: null });
  });

  it("carries what only the page shows without a new version", async () => {
    const file = newFile();
    await publishCampaign(env, file, "etag-1", 1_000);
    const renamed = { ...file, title: { en: "Summer scratch" } };
    expect(await publishCampaign(env, renamed, "etag-2", 2_000)).toMatchObject({ changed: false, rules: { version: 1 } });
    expect(await rowOf(file.id)).toMatchObject({ etag: "etag-2", version: 1 });
    expect(await stored(file.id)).toMatchObject({ file: { title: { en: "Summer scratch" } } });
  });

  it("that stopped after the pool is completed by the next", async () => {
    const file = newFile();
    await prizePool(env, file.id).publish(toRules(file, 1));
    expect(await rowOf(file.id)).toBeNull();
    expect(await publishCampaign(env, file, "etag-1", 1_000)).toMatchObject({ status: "published", changed: false });
    expect(await rowOf(file.id)).toMatchObject({ version: 1 });
    expect(await stored(file.id)).toMatchObject({ version: 1 });
  });

  it("that stopped after D1 is completed by the next", async () => {
    const file = newFile();
    const down = { ...env, CONFIG: { put: () => Promise.reject(new Error("KV is down")) } as unknown as KVNamespace };
    await expect(publishCampaign(down, file, "etag-1", 1_000)).rejects.toThrow("KV is down");
    expect(await rowOf(file.id)).not.toBeNull();
    await publishCampaign(env, file, "etag-1", 2_000);
    expect(await stored(file.id)).toMatchObject({ version: 1 });
  });
});

describe("recording a change of status", () => {
  async function opened(): Promise<CampaignFile> {
    const file = newFile();
    await publishCampaign(env, file, "etag-1", 1_000);
    const reply = await prizePool(env, file.id).changeStatus(file.id, "open");
    if (reply.status !== "done") throw new Error(reply.status);
    await recordStatus(env, reply.rules);
    return file;
  }

  it("reaches D1 and KV", async () => {
    const file = await opened();
    expect(await rowOf(file.id)).toMatchObject({ status: "open", version: 2, etag: "etag-1" });
    expect(await stored(file.id)).toMatchObject({ version: 2 });
  });

  it("that is overtaken by a newer one changes nothing", async () => {
    const file = await opened();
    await recordStatus(env, { ...toRules(file, 1), status: "draft", version: 1 });
    expect(await rowOf(file.id)).toMatchObject({ status: "open", version: 2 });
  });

  it("is not undone by a publish that began before it, and does not keep that one's file out", async () => {
    const file = newFile();
    const published = await publishCampaign(env, file, "etag-1", 1_000);
    if (published.status !== "published") throw new Error(published.status);
    await recordStatus(env, { ...published.rules, status: "open", version: 2 });
    // The pool still answers version 1 here, as it did when this publish began.
    await publishCampaign(env, { ...file, title: { en: "Late title" } }, "etag-2", 2_000);
    expect(await rowOf(file.id)).toMatchObject({ status: "open", version: 2, etag: "etag-2" });
    expect(await stored(file.id)).toMatchObject({ version: 2, file: { title: { en: "Late title" } } });
  });

  it("of a campaign that D1 does not know leaves nothing", async () => {
    const file = newFile();
    await recordStatus(env, { ...toRules(file, 1), status: "open", version: 2 });
    expect(await rowOf(file.id)).toBeNull();
    expect(await stored(file.id)).toBeNull();
  });
});
