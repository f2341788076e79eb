import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { describe, expect, it, vi } from "vitest";
import { drawOf, openCampaign } from "../../../durable-objects/campaign.fixture.ts";
import type { TestCampaign } from "../../../durable-objects/campaign.fixture.ts";
import type { ShardAddress } from "../../../durable-objects/protocol.ts";
import { aroundObjects } from "../../../test/workerd/around.ts";
import { deliver } from "../blocks.fixture.ts";
import { holdQueue } from "../held-queue.fixture.ts";
import { invariants } from "../invariants.ts";
import { mendGaps } from "../mend-gaps.ts";
import { beginStatement, goOnRebuilding } from "../rebuild/rebuild.ts";
import type { CardDifference } from "./differences.ts";
import { reconcileInTurn } from "./in-turn.ts";
import { FIRST_STEP, reconcileStep } from "./step.ts";
import type { ReconcileCursor } from "./step.ts";

const SHARDS = 2;
const FATES = ["issued", "voided", "revealed", "redeemed", "used"] as const;

/** Cards of every fate, in two shards; their ids. */
async function play(campaign: TestCampaign, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const shard = n % SHARDS;
    const [drawn] = await campaign.draw([drawOf(`request ${n}`, { recipient: `recipient ${n}`, metadata: '{"n":1}' })], shard);
    if (drawn === undefined || !("cardId" in drawn)) throw new Error("no card was drawn");
    const card = { campaign: campaign.id, shard, cardId: drawn.cardId };
    const fate = FATES.indexOf(FATES[n % FATES.length] ?? "issued");
    if (fate === 1) await campaign.issuer(shard).void({ ...card, reason: "a test" });
    if (fate > 1) await campaign.issuer(shard).reveal({ ...card, lineUserId: "Ualice", trail: null });
    if (fate > 2) await campaign.issuer(shard).redeem({ ...card, lineUserId: "Ualice" });
    if (fate > 3) await campaign.issuer(shard).use({ ...card, store: "Ximen", till: null });
    ids.push(drawn.cardId);
  }
  return ids;
}

async function reconcile(campaign: string): Promise<{ compared: number; waiting: number; differences: CardDifference[] }> {
  const sum = { compared: 0, waiting: 0, differences: [] as CardDifference[] };
  for (let cursor: ReconcileCursor | null = FIRST_STEP; cursor !== null;) {
    const step = await reconcileStep(env, campaign, SHARDS, cursor);
    sum.compared += step.compared;
    sum.waiting += step.waiting;
    sum.differences.push(...step.differences);
    cursor = step.next;
  }
  return sum;
}

/** A campaign whose cards have all settled. */
async function settledCampaign(count = 20): Promise<{ campaign: TestCampaign; ids: string[] }> {
  const campaign = await openCampaign({ coupon: 200 }, { shards: SHARDS });
  const ids = await play(campaign, count);
  await expect.poll(async () => (await reconcile(campaign.id)).waiting).toBe(0);
  return { campaign, ids };
}

const alter = (statement: string, ...values: readonly unknown[]) =>
  env.LEDGER.prepare(statement)
    .bind(...values)
    .run();

describe("reconciliation", () => {
  it("finds no difference in a settled campaign, of more cards than a page holds", async () => {
    const { campaign } = await settledCampaign();
    const draws = Array.from({ length: 1_100 }, (_, n) => drawOf(`many ${n}`));
    await openCampaign({ coupon: 1 });
    await campaign.load("second.csv", { coupon: 2_000 });
    for (let first = 0; first < draws.length; first += 500) await campaign.draw(draws.slice(first, first + 500));
    await expect.poll(async () => (await reconcile(campaign.id)).waiting).toBe(0);
    expect(await reconcile(campaign.id)).toEqual({ compared: 1_120, waiting: 0, differences: [] });
  });

  it.each([
    ["prize = 'points'", "cards", "prize: coupon at its issuer, points in the ledger"],
    ["state = 'voided'", "cards", /^state: \w+ at its issuer, voided in the ledger$/],
    ["recipient = 'somebody else'", "cards", "recipient: differs"],
    ["version = 9", "cards", /^version: \d at its issuer, 9 in the ledger$/],
    ["version = 0", "cards", /^version: \d at its issuer, 0 in the ledger$/],
    ["line_user = 'Ubob'", "rewards", "reward's lineUser: differs"],
    ["status = 'pending'", "rewards", "reward's status: granted at its issuer, pending in the ledger"],
  ])("names the card of which %s was set in %s", async (set, table, fault) => {
    const { campaign, ids } = await settledCampaign(10);
    const card = ids[4] ?? "";
    await alter(`UPDATE ${table} SET ${set} WHERE card = ?`, card);
    const { differences } = await reconcile(campaign.id);
    expect(differences.map((difference) => difference.card)).toEqual([card]);
    expect(differences[0]?.faults).toContainEqual(expect.stringMatching(fault));
  });

  it("names cards and rewards that are gone, and such as nobody issued", async () => {
    const { campaign, ids } = await settledCampaign(10);
    await alter("DELETE FROM cards WHERE card = ?", ids[0]);
    await alter("UPDATE cards SET campaign = 'another' WHERE card = ?", ids[1]);
    await alter("DELETE FROM rewards WHERE card = ?", ids[3]);
    await alter(
      "INSERT INTO cards (card, campaign, shard, version, state, prize) VALUES ('forged', ?, 0, 1, 'issued', 'coupon')",
      campaign.id,
    );
    await alter(
      "INSERT INTO rewards (card, campaign, prize, kind, line_user, status, attempts, created_at) VALUES ('strange', ?, 'coupon', 'coupon', 'U', 'granted', 0, 0)",
      campaign.id,
    );
    const { differences } = await reconcile(campaign.id);
    expect(new Map(differences.map(({ card, faults }) => [card, faults]))).toEqual(
      new Map([
        [ids[0], ["the ledger has no such card"]],
        [ids[1], ["the ledger has no such card"]],
        [ids[3], ["reward: the ledger has none"]],
        ["forged", ["no issuer has such a card"]],
        ["strange", ["a reward of a card that the ledger does not have"]],
      ]),
    );
  });

  it("waits for what is on its way, in whatever order it settles, and does not take it for a difference", async () => {
    const queue = holdQueue();
    const campaign = await openCampaign({ coupon: 20 }, { shards: SHARDS });
    const rules = await campaign.pool().rules(campaign.id);
    const ids = await play(campaign, 10);
    for (const shard of [0, 1]) if (rules !== null) await campaign.issuer(shard).configure({ campaign: campaign.id, shard }, rules);
    expect(await reconcile(campaign.id)).toEqual({ compared: 10, waiting: 10, differences: [] });
    await expect.poll(() => queue.blocks(campaign.id).length).toBeGreaterThan(1);
    for (const message of queue.sent.toReversed()) {
      await deliver([message]);
      expect((await reconcile(campaign.id)).differences).toEqual([]);
    }
    await alter("UPDATE cards SET prize = 'points' WHERE card = ?", ids[1]);
    expect((await reconcile(campaign.id)).differences.map(({ card }) => card)).toEqual([ids[1]]);
    queue.release();
  });

  it("has a loss at a shard's very end mended, which no later block shows", async () => {
    const { campaign } = await settledCampaign(10);
    for (const table of ["blocks", "cards", "rewards", "minute_counters"])
      await alter(`DELETE FROM ${table} WHERE campaign = ?`, campaign.id);
    expect((await reconcile(campaign.id)).differences).toHaveLength(10);
    await mendGaps(env);
    expect(await reconcile(campaign.id)).toEqual({ compared: 10, waiting: 0, differences: [] });
  });
});

describe("the scheduled reconciliation", () => {
  const enlist = (campaign: string) =>
    alter(
      "INSERT INTO campaigns (campaign, file, etag, version, status, shards, published_at) VALUES (?, '{}', '', 1, 'open', ?, 0)",
      campaign,
      SHARDS,
    );

  it("says what differs, keeps it for operators, and forgets it once it is mended", async () => {
    const { campaign, ids } = await settledCampaign(10);
    await enlist(campaign.id);
    await alter("UPDATE cards SET prize = 'points' WHERE card = ?", ids[4]);
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    await reconcileInTurn(env);
    await reconcileInTurn(env);
    expect(said.mock.calls.filter(([line]) => String(line).includes("the ledger differs from the issuers"))).toHaveLength(1);
    expect(String(said.mock.calls)).not.toContain(ids[4]);
    said.mockRestore();
    const found = await invariants(env, campaign.id);
    expect(found?.cardDifferences.map(({ card }) => card)).toEqual([ids[4]]);
    expect(found?.differences).toContain(`card ${ids[4]}: prize: coupon at its issuer, points in the ledger`);

    await alter("UPDATE cards SET prize = 'coupon' WHERE card = ?", ids[4]);
    await reconcileInTurn(env, Date.now() + 1);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
  });

  it("goes on with the next campaign where one cannot be looked at", async () => {
    const { campaign, ids } = await settledCampaign(10);
    await enlist(campaign.id);
    await alter("DELETE FROM campaigns WHERE campaign = 'another' OR campaign = 'aaa'");
    await enlist("aaa");
    await alter("UPDATE cards SET state = 'voided' WHERE card = ?", ids[2]);
    const broken = (name: string) => {
      if (name.startsWith("aaa/")) throw new Error("not reached");
      return env.CARD_ISSUER.getByName(name);
    };
    const CARD_ISSUER = { getByName: broken } as unknown as Env["CARD_ISSUER"];
    vi.spyOn(console, "error").mockImplementation(() => {});
    await reconcileInTurn({ ...env, CARD_ISSUER });
    vi.restoreAllMocks();
    expect((await invariants(env, campaign.id))?.cardDifferences.map(({ card }) => card)).toEqual([ids[2]]);
  });

  it("takes nothing for a difference that is missing because a rebuild began meanwhile", async () => {
    const { campaign } = await settledCampaign(10);
    await alter("DELETE FROM campaigns");
    await alter("DELETE FROM reconcile_cursor");
    await enlist(campaign.id);
    let began = 0;
    const CARD_ISSUER = aroundObjects(env.CARD_ISSUER, async (_, work, [asked]) => {
      if ((asked as ShardAddress).campaign === campaign.id && began++ === 0) {
        await beginStatement(drizzle(env.LEDGER), { campaign: campaign.id, source: "lake", begunBy: "mei@example.com" }, Date.now());
        for (const table of ["blocks", "cards", "rewards"]) await alter(`DELETE FROM ${table} WHERE campaign = ?`, campaign.id);
      }
      return work();
    });
    await reconcileInTurn({ ...env, CARD_ISSUER });
    expect(began).toBeGreaterThan(0);
    expect((await invariants(env, campaign.id))?.cardDifferences).toEqual([]);
    expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
    // A whole round of the next, too, finds nothing.
    await reconcileInTurn(env);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
  });
});
