import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeBlock } from "../../durable-objects/block.ts";
import { openCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { TestCampaign } from "../../durable-objects/campaign.fixture.ts";
import { seededRandom } from "../../soak/random.ts";
import type { Random } from "../../soak/random.ts";
import { deliver } from "./blocks.fixture.ts";
import { ledgerHash } from "./content-hash.ts";
import { holdQueue } from "./held-queue.fixture.ts";
import type { HeldQueue } from "./held-queue.fixture.ts";
import { invariants } from "./invariants.ts";
import { liveCards } from "./live-cards.fixture.ts";

const SHARDS = 2;
const HOUR_MS = 3_600_000;

afterEach(() => vi.restoreAllMocks());

const unsettled = async (campaign: TestCampaign) => {
  const tallies = await Promise.all([0, 1].map((shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })));
  return tallies.reduce((sum, { unsettledBlocks, unpackedEvents }) => sum + unsettledBlocks + unpackedEvents, 0);
};

/** Lets time pass until issuers have sent whatever nobody has acknowledged. */
async function resendAll(campaign: TestCampaign, queue: HeldQueue, random: Random): Promise<void> {
  const aheadMs = HOUR_MS * random.int(1, 3);
  const before = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => before + aheadMs);
  const sent = queue.sent.length;
  await Promise.all([0, 1].map((shard) => runDurableObjectAlarm(campaign.issuerStub(shard))));
  await expect.poll(() => queue.sent.length).toBeGreaterThan(sent);
}

async function deliverInBatches(messages: readonly Uint8Array[], random: Random): Promise<void> {
  for (let first = 0; first < messages.length;) {
    const size = random.int(1, 5);
    const { taken } = await deliver(messages.slice(first, first + size));
    expect(taken).toBe(true);
    first += size;
  }
}

async function wipeLedger(campaign: string): Promise<void> {
  const tables = ["blocks", "cards", "rewards", "minute_counters"];
  await env.LEDGER.batch(tables.map((table) => env.LEDGER.prepare(`DELETE FROM ${table} WHERE campaign = ?`).bind(campaign)));
}

describe("the ledger's content hash", () => {
  it.each([1, 2, 3])(
    "is that of an undisturbed run after each message came twice, in random order, and one in ten was thrown away (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const queue = holdQueue();
      const campaign = await openCampaign({ coupon: 20, points: 20 }, { shards: SHARDS, fallback: "thanks" });
      await liveCards(campaign, 50, SHARDS);
      await expect.poll(async () => queue.blocks(campaign.id).length).toBeGreaterThan(50);
      let thrownAway = 0;
      for (let taken = 0; (await unsettled(campaign)) > 0;) {
        const messages = queue.sent.slice(taken);
        taken = queue.sent.length;
        const kept = messages.filter(() => !random.chance(0.1));
        thrownAway += messages.length - kept.length;
        const twice = [...kept, ...kept].map((message) => ({ message, order: random.next() })).sort((a, b) => a.order - b.order);
        await deliverInBatches(
          twice.map(({ message }) => message),
          random,
        );
        if ((await unsettled(campaign)) > 0) await resendAll(campaign, queue, random);
      }
      queue.release();
      expect(thrownAway).toBeGreaterThan(0);
      expect((await invariants(env, campaign.id))?.differences).toEqual([]);
      const disturbed = await ledgerHash(env, campaign.id);

      await wipeLedger(campaign.id);
      const blocks = new Map(queue.blocks(campaign.id).map((block) => [`${block.header.shard}/${block.header.block}`, block]));
      const inOrder = [...blocks.values()].sort((a, b) => a.header.shard - b.header.shard || a.header.block - b.header.block);
      for (const { header, body } of inOrder) await deliver([encodeBlock(header, body)]);
      expect(await ledgerHash(env, campaign.id)).toBe(disturbed);

      // And it would tell: here a block is applied twice.
      await env.LEDGER.prepare("DELETE FROM blocks WHERE campaign = ? AND block = 1 AND shard = 0").bind(campaign.id).run();
      const [first] = inOrder;
      if (first !== undefined) await deliver([encodeBlock(first.header, first.body)]);
      expect(await ledgerHash(env, campaign.id)).not.toBe(disturbed);
    },
    60_000,
  );

  it("changes with every column that it covers and with no other, and is the same in slices of any size", async () => {
    const covered: Readonly<Record<string, readonly string[]>> = {
      cards: (
        "card campaign shard version state prize request recipient line_user metadata segment position " +
        "code issued_at expires_at revealed_at redeemed_at used_at ended_at store returned"
      ).split(" "),
      rewards: ["card", "campaign", "prize", "kind", "line_user", "recipient", "created_at"],
      minute_counters: ["campaign", "minute", "type", "prize", "count"],
      blocks: [],
    };
    const queue = holdQueue();
    const campaign = await openCampaign({ points: 20 }, { shards: SHARDS });
    await liveCards(campaign, 10, SHARDS);
    await expect.poll(async () => queue.blocks(campaign.id).length).toBeGreaterThan(10);
    await deliver(queue.sent.slice());
    queue.release();
    const hash = await ledgerHash(env, campaign.id);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    for (const slice of [1, 2, 7]) expect(await ledgerHash(env, campaign.id, slice)).toBe(hash);

    for (const [table, columns] of Object.entries(covered)) {
      const { results: all } = await env.LEDGER.prepare("SELECT name, type FROM pragma_table_info(?)")
        .bind(table)
        .all<{ name: string; type: string }>();
      const [row] = (await env.LEDGER.prepare(`SELECT * FROM ${table} WHERE campaign = ? LIMIT 1`).bind(campaign.id).all()).results;
      for (const { name, type } of all) {
        const [other, key] = [type === "INTEGER" ? 987_654 : "other", all.filter((column) => column.name !== name)];
        const where = key.map((column) => `${column.name} IS ?`).join(" AND ");
        const rest = key.map((column) => row?.[column.name] ?? null);
        await env.LEDGER.prepare(`UPDATE ${table} SET ${name} = ? WHERE ${where}`)
          .bind(other, ...rest)
          .run();
        const changed = (await ledgerHash(env, campaign.id)) !== hash;
        await env.LEDGER.prepare(`UPDATE ${table} SET ${name} = ? WHERE ${where} AND ${name} IS ?`)
          .bind(row?.[name] ?? null, ...rest, other)
          .run();
        expect({ column: `${table}.${name}`, changed }).toEqual({ column: `${table}.${name}`, changed: columns.includes(name) });
      }
    }
    expect(await ledgerHash(env, campaign.id)).toBe(hash);
  });
});
