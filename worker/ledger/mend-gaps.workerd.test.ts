import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import { openCampaign, publishCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { chainBlocks, deliver } from "./blocks.fixture.ts";
import { holdQueue, makeBlocks } from "./held-queue.fixture.ts";
import type { HeldQueue } from "./held-queue.fixture.ts";
import { invariants } from "./invariants.ts";
import { archiveBlock } from "./lake.ts";
import { mendGaps } from "./mend-gaps.ts";
import { missingOf } from "./missing-blocks.ts";
import { scrubSlice } from "./scrub.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

let queue: HeldQueue;
beforeAll(() => void (queue = holdQueue()));
afterAll(() => queue.release());

/** A campaign whose issuer has made five blocks and sent them; none is delivered. */
async function fiveBlocks() {
  const campaign = await openCampaign({ coupon: 20 });
  await makeBlocks(campaign, queue, 5);
  return { campaign, blocks: queue.blocks(campaign.id) };
}

const bring = (blocks: readonly Block[], ...numbers: number[]) =>
  deliver(blocks.filter(({ header }) => numbers.includes(header.block)).map(({ header, body }) => encodeBlock(header, body)));

async function settledBlocks(campaign: string): Promise<number[]> {
  const { results } = await env.LEDGER.prepare("SELECT block FROM blocks WHERE campaign = ? ORDER BY shard, block")
    .bind(campaign)
    .all<{ block: number }>();
  return results.map(({ block }) => block);
}

const missingNumbers = async (campaign: string) => (await missingOf(env, campaign)).map(({ block }) => block);

/** The ledger once had these blocks, and has lost them: they are acknowledged, and perhaps in the lake. */
async function forget(campaign: string, blocks: readonly Block[], numbers: readonly number[], inLake: boolean): Promise<void> {
  for (const block of blocks) if (inLake && numbers.includes(block.header.block)) await archiveBlock(env, block);
  const address = { campaign, shard: 0 };
  await env.CARD_ISSUER.getByName(`${campaign}/0`).acknowledge(address, [...numbers]);
}

describe("a gap in a shard's blocks", () => {
  it("is left alone while it may close by itself, then its issuer is asked for exactly the missing blocks", async () => {
    const { campaign, blocks } = await fiveBlocks();
    await bring(blocks, 1, 2, 5);
    await mendGaps(env);
    expect(await missingNumbers(campaign.id)).toEqual([]);
    const before = queue.blocks(campaign.id).length;
    await mendGaps(env, Date.now() + MINUTE_MS);
    expect(await missingNumbers(campaign.id)).toEqual([3, 4]);
    await expect.poll(() => queue.blocks(campaign.id).length).toBe(before + 2);
    const again = queue.blocks(campaign.id).slice(before);
    expect(again.map(({ header }) => header.block)).toEqual([3, 4]);
    expect((await invariants(env, campaign.id))?.missing).toMatchObject([
      { shard: 0, block: 3, lostAt: null },
      { shard: 0, block: 4, lostAt: null },
    ]);
    await bring(again, 3, 4);
    expect(await settledBlocks(campaign.id)).toEqual([1, 2, 3, 4, 5]);
    expect(await missingNumbers(campaign.id)).toEqual([]);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
  });

  it("is closed from the lake where the issuer was told that the ledger had the blocks", async () => {
    const { campaign, blocks } = await fiveBlocks();
    await bring(blocks, 1, 5);
    await forget(campaign.id, blocks, [2, 3, 4], true);
    await mendGaps(env, Date.now() + MINUTE_MS);
    expect(await settledBlocks(campaign.id)).toEqual([1, 2, 3, 4, 5]);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
  });

  it("that neither issuer nor lake can close is told with its place, and looked into again", async () => {
    const { campaign, blocks } = await fiveBlocks();
    await bring(blocks, 1, 3, 4, 5);
    await forget(campaign.id, blocks, [2], false);
    const lost = "shard 0, block 2: lost: neither the ledger, its issuer nor the lake has it";
    expect((await invariants(env, campaign.id))?.differences).not.toContain(lost);
    await mendGaps(env, Date.now() + MINUTE_MS);
    expect((await invariants(env, campaign.id))?.differences).toContain(lost);
    await forget(campaign.id, blocks, [2], true);
    await mendGaps(env, Date.now() + HOUR_MS);
    expect(await settledBlocks(campaign.id)).toEqual([1, 2, 3, 4, 5]);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
  });

  it("is not closed with what was changed in the lake", async () => {
    const { campaign, blocks } = await fiveBlocks();
    await bring(blocks, 1, 3, 4, 5);
    await forget(campaign.id, blocks, [2], true);
    const { objects } = await env.LAKE.list({ prefix: `lake/${campaign.id}/` });
    const key = objects.find(({ key: name }) => name.endsWith("-000000002.ndjson"))?.key ?? "";
    const object = await env.LAKE.get(key);
    await env.LAKE.put(key, "{}\n", { customMetadata: object?.customMetadata ?? {} });
    await mendGaps(env, Date.now() + MINUTE_MS);
    expect(await settledBlocks(campaign.id)).toEqual([1, 3, 4, 5]);
    expect(await missingOf(env, campaign.id)).toMatchObject([{ block: 2, lostAt: expect.any(Number) }]);
  });

  it("waits for an issuer that does not answer, which holds up no other", async () => {
    const [silent, other] = [await fiveBlocks(), await fiveBlocks()];
    for (const { blocks } of [silent, other]) await bring(blocks, 1, 2, 3, 5);
    await forget(other.campaign.id, other.blocks, [4], true);
    const real = env.CARD_ISSUER.getByName.bind(env.CARD_ISSUER);
    const away = { resend: () => Promise.reject(new Error("the object was reset")) } as unknown as ReturnType<typeof real>;
    env.CARD_ISSUER.getByName = (name) => (name.startsWith(silent.campaign.id) ? away : real(name));
    try {
      await mendGaps(env, Date.now() + MINUTE_MS);
    } finally {
      env.CARD_ISSUER.getByName = real;
    }
    expect(await settledBlocks(other.campaign.id)).toEqual([1, 2, 3, 4, 5]);
    expect(await missingOf(env, silent.campaign.id)).toMatchObject([{ block: 4, searches: 0, lostAt: null }]);
    const before = queue.blocks(silent.campaign.id).length;
    await mendGaps(env, Date.now() + MINUTE_MS);
    await expect.poll(() => queue.blocks(silent.campaign.id).length).toBe(before + 1);
  });

  it("is seen by the balance also where no later block shows it", async () => {
    const { campaign, blocks } = await fiveBlocks();
    await bring(blocks, 1, 2, 3);
    await forget(campaign.id, blocks, [4, 5], true);
    expect((await invariants(env, campaign.id))?.differences).toContain("shard 0: blocks acknowledged = in the ledger: 5 ≠ 3");
  });
});

it.each([1, 2, 3, 4])("gaps are found in slices of %i, wherever one ends", async (slice) => {
  const { id } = await publishCampaign();
  const event = (card: number): CardEvent => ({
    type: "issued",
    at: Date.now(),
    card: `${id}-${card}`,
    version: 1,
    prize: "coupon",
    request: `${card}`,
  });
  const blocks = chainBlocks(
    id,
    Array.from({ length: 9 }, (_, i) => [event(i)]),
  );
  await deliver(blocks.filter((_, i) => [2, 3, 6, 7, 9].includes(i + 1)));
  const { count = 0 } = (await env.LEDGER.prepare("SELECT count(*) AS count FROM blocks").first<{ count: number }>()) ?? {};
  for (let seen = 0; seen <= 2 * count; seen += slice) await scrubSlice(env, Date.now() + MINUTE_MS, slice);
  expect(await missingNumbers(id)).toEqual([1, 4, 5, 8]);
});
