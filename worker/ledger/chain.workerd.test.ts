import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodeBlock, encodeBlock, hashBlock } from "../../durable-objects/block.ts";
import { publishCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { aroundLedger } from "../../test/workerd/around.ts";
import type { Around } from "../../test/workerd/around.ts";
import { chainBlocks, deliver } from "./blocks.fixture.ts";
import { standingFaults } from "./chain-faults.ts";
import { invariants } from "./invariants.ts";
import { scrubBlocks, scrubSlice } from "./scrub.ts";
import { settleBlocks } from "./settle.ts";

let cards = 0;
function issuedCard(): CardEvent {
  cards += 1;
  return { type: "issued", at: Date.now(), card: `card-${cards}`, version: 1, prize: "coupon", request: `request-${cards}` };
}

/** Blocks of an issue each, chained; and others of the same numbers, chained among themselves. */
function twoHistories(campaign: string, length: number) {
  const make = () =>
    chainBlocks(
      campaign,
      Array.from({ length }, () => [issuedCard()]),
    );
  return [make(), make()] as const;
}

async function settledNumbers(campaign: string): Promise<number[]> {
  const { results } = await env.LEDGER.prepare("SELECT block FROM blocks WHERE campaign = ? ORDER BY block")
    .bind(campaign)
    .all<{ block: number }>();
  return results.map(({ block }) => block);
}

async function countCards(campaign: string): Promise<number | null> {
  return env.LEDGER.prepare("SELECT count(*) AS count FROM cards WHERE campaign = ?").bind(campaign).first<number>("count");
}

const faultsOf = async (campaign: string) =>
  (await standingFaults(env, campaign, Date.now())).map(({ shard, block, kind }) => ({ shard, block, kind }));

const pick = (blocks: readonly Uint8Array[], ...indexes: number[]) => indexes.map((i) => blocks[i] ?? new Uint8Array());

describe("a block that does not fit the chain", () => {
  it.each([
    ["after the one before it", [[0], [1]]],
    ["before it", [[1], [0]]],
    ["with it", [[0, 1]]],
  ])("is not applied, and is recorded with its place, when it arrives %s", async (_, batches) => {
    const { id } = await publishCampaign();
    const [right, other] = twoHistories(id, 2);
    // Block 1 of one history, block 2 of the other.
    const arriving = [...pick(right, 0), ...pick(other, 1)];
    for (const batch of batches) await deliver(pick(arriving, ...batch));
    expect(await settledNumbers(id)).toHaveLength(1);
    expect(await countCards(id)).toBe(1);
    const refused = (await settledNumbers(id))[0] === 1 ? 2 : 1;
    expect(await faultsOf(id)).toEqual([{ shard: 0, block: refused, kind: "broken" }]);
    const balance = await invariants(env, id);
    expect(balance?.differences).toContain(`shard 0, block ${refused}: not applied, for it is not chained to the blocks beside it`);
  });

  it("is not applied when two consumers race with it and the one before it", async () => {
    const { id } = await publishCampaign();
    const [right, other] = twoHistories(id, 2);
    const results = await Promise.all([deliver(pick(right, 0)), deliver(pick(other, 1))]);
    expect(await settledNumbers(id)).toHaveLength(1);
    // One that lost the race comes back, and is refused then.
    for (const [i, { taken }] of results.entries()) if (!taken) await deliver(i === 0 ? pick(right, 0) : pick(other, 1));
    expect(await settledNumbers(id)).toHaveLength(1);
    expect(await faultsOf(id)).toMatchObject([{ kind: "broken" }]);
  });

  it("does not keep the right one, which comes later, from being applied, nor what follows on that", async () => {
    const { id } = await publishCampaign();
    const [right, other] = twoHistories(id, 3);
    await deliver(pick(right, 0));
    await deliver(pick(other, 1));
    await deliver(pick(right, 2));
    await deliver(pick(right, 1));
    expect(await settledNumbers(id)).toEqual([1, 2, 3]);
    expect(await countCards(id)).toBe(3);
  });

  it("is applied once an operator has accepted it", async () => {
    const { id } = await publishCampaign();
    const [right, other] = twoHistories(id, 2);
    await deliver(pick(right, 0));
    await deliver(pick(other, 1));
    await env.LEDGER.prepare("UPDATE chain_faults SET accepted_at = 1 WHERE campaign = ?").bind(id).run();
    await deliver(pick(other, 1));
    expect(await settledNumbers(id)).toEqual([1, 2]);
    await scrubBlocks(env, Date.now());
    expect(await faultsOf(id)).toEqual([]);
  });

  it("and takes a number that the ledger has is recorded, not applied, and not acknowledged", async () => {
    const { id } = await publishCampaign();
    const [right, other] = twoHistories(id, 1);
    await deliver(right);
    expect((await deliver(other)).taken).toBe(true);
    expect(await countCards(id)).toBe(1);
    expect(await faultsOf(id)).toEqual([{ shard: 0, block: 1, kind: "other_content" }]);
    await deliver(right);
    expect(await faultsOf(id)).toHaveLength(1);
  });
});

describe("the scrub", () => {
  it("finds a block of the ledger that was altered, wherever a slice ends", async () => {
    const { id } = await publishCampaign();
    const [blocks] = twoHistories(id, 7);
    await deliver(blocks);
    await env.LEDGER.prepare("UPDATE blocks SET hash = ? WHERE campaign = ? AND block = 4").bind("f".repeat(64), id).run();
    for (let slices = 0; slices < 20; slices++) await scrubSlice(env, Date.now(), 3);
    expect(await faultsOf(id)).toEqual([{ shard: 0, block: 5, kind: "altered" }]);
    const balance = await invariants(env, id);
    expect(balance?.differences).toContain("shard 0, block 5: in the ledger, but not chained to the block before it");
  });

  it("takes a block that was settled when no hash before it was kept as it is", async () => {
    const { id } = await publishCampaign();
    const [blocks] = twoHistories(id, 3);
    await deliver(blocks);
    await env.LEDGER.prepare("UPDATE blocks SET prev = NULL WHERE campaign = ?").bind(id).run();
    await scrubBlocks(env, Date.now());
    expect(await faultsOf(id)).toEqual([]);
  });
});

it("a block whose content was changed together with its hash does not fit", async () => {
  const { id } = await publishCampaign();
  const [blocks] = twoHistories(id, 3);
  await deliver(pick(blocks, 0, 2));
  const body = `${JSON.stringify(issuedCard())}\n`;
  const header = JSON.parse(new TextDecoder().decode(blocks[1]).split("\n")[0] ?? "") as { prev: string };
  const forged = { ...header, campaign: id, shard: 0, block: 2, events: 1, hash: hashBlock(header.prev, body) };
  await deliver([encodeBlock(forged, body)]);
  expect(await faultsOf(id)).toEqual([{ shard: 0, block: 2, kind: "broken" }]);
  await deliver(pick(blocks, 1));
  expect(await settledNumbers(id)).toEqual([1, 2, 3]);
});

it("a block is checked and applied for some rows read, however many blocks its campaign has", async () => {
  const { id } = await publishCampaign();
  await env.LEDGER.prepare(
    `WITH RECURSIVE n (block) AS (SELECT 2 UNION ALL SELECT block + 1 FROM n WHERE block < 3000)
     INSERT INTO blocks (campaign, shard, block, hash, events, settled_at) SELECT ?, 0, block, hex(block), 1, 0 FROM n`,
  )
    .bind(id)
    .run();
  let rowsRead = 0;
  const watch: Around = async (_, work) => {
    const done = await work();
    for (const { meta } of [done].flat() as D1Result[]) rowsRead += meta.rows_read;
    return done;
  };
  const [[first]] = twoHistories(id, 1);
  const block = decodeBlock(first ?? new Uint8Array());
  if (block === null) throw new Error("no block");
  await settleBlocks({ ...env, LEDGER: aroundLedger(env.LEDGER, watch) }, [block]);
  expect((await settledNumbers(id))[0]).toBe(1);
  expect(rowsRead).toBeGreaterThan(0);
  expect(rowsRead).toBeLessThan(50);
});
