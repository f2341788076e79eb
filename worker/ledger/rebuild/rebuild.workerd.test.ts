import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { encodeBlock } from "../../../durable-objects/block.ts";
import { drawOf, openCampaign, publishCampaign } from "../../../durable-objects/campaign.fixture.ts";
import type { TestCampaign } from "../../../durable-objects/campaign.fixture.ts";
import { archiveOutcomes } from "../../rewards/archive-outcomes.ts";
import { redriveStatements } from "../../rewards/redrive.ts";
import { loadDueRewards, recordVerdicts } from "../../rewards/rows.ts";
import { sweepRewards } from "../../rewards/sweep.ts";
import { judgeAttempt } from "../../rewards/verdict.ts";
import { deliver } from "../blocks.fixture.ts";
import { insertBlocks } from "../blocks.ts";
import { ledgerHash } from "../content-hash.ts";
import { holdQueue } from "../held-queue.fixture.ts";
import type { HeldQueue } from "../held-queue.fixture.ts";
import { invariants } from "../invariants.ts";
import { archiveBlock } from "../lake.ts";
import { liveCards } from "../live-cards.fixture.ts";
import { mendGaps } from "../mend-gaps.ts";
import { readCounters, recount } from "../recount.fixture.ts";
import { HELD_UNTIL_MS } from "./held-rewards.ts";
import { beginStatement, endLeftRebuilds, goOnRebuilding, takeStep } from "./rebuild.ts";
import { lastRebuild, rebuildOf } from "./under-way.ts";
import type { RebuildSource } from "./under-way.ts";

const SHARDS = 2;
/** More than there is stock, so that the last ones are fallback cards. */
const CARDS = 150;
const STOCK = { coupon: 45, points: 60 };
const CODES = Array.from({ length: 25 }, (_, i) => `CODE-${i}`);
const EXPIRED = 8;
/** Cards of a played campaign. */
const PLAYED = CARDS + EXPIRED;
const HOUR_MS = 3_600_000;
const SOURCES = ["issuers", "lake"] as const;

let queue: HeldQueue;
beforeEach(() => void (queue = holdQueue()));
afterEach(() => {
  queue.release();
  vi.restoreAllMocks();
});

let settled = 0;
/** Settles what was sent since the last time. */
async function settle(): Promise<void> {
  const sent = queue.sent.slice(settled);
  settled = queue.sent.length;
  for (let first = 0; first < sent.length; first += 10) await deliver(sent.slice(first, first + 10));
}

async function unsettled(campaign: TestCampaign): Promise<number> {
  const tallies = await Promise.all([0, 1].map((shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })));
  return tallies.reduce((sum, { unsettledBlocks, unpackedEvents }) => sum + unsettledBlocks + unpackedEvents, 0);
}

async function settleAll(campaign: TestCampaign): Promise<void> {
  await expect
    .poll(
      async () => {
        await settle();
        return unsettled(campaign);
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBe(0);
}

type Row = Readonly<Record<string, string | number | null>>;

async function rowsOf(table: "cards" | "rewards", campaign: string): Promise<Row[]> {
  return (await env.LEDGER.prepare(`SELECT * FROM ${table} WHERE campaign = ? ORDER BY card`).bind(campaign).all<Row>()).results;
}

/** Draws cards, some for a LINE user, that nobody opens while they are good; their places are stock again. */
async function expireCards(campaign: TestCampaign): Promise<void> {
  for (let n = 0; n < EXPIRED; n += 1) {
    await campaign.draw([drawOf(`early ${n}`, { recipient: `early ${n}`, lineUserId: n % 3 === 0 ? `E${n}` : null })], n % SHARDS);
  }
  const realMs = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => realMs + 2 * HOUR_MS);
  await Promise.all([0, 1].map((shard) => runDurableObjectAlarm(campaign.issuerStub(shard))));
  const expired = async () => {
    const tallies = await Promise.all([0, 1].map((shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })));
    return tallies.flatMap(({ cards }) => cards).reduce((sum, { state, count }) => (state === "expired" ? sum + count : sum), 0);
  };
  await expect.poll(expired, { timeout: 20_000 }).toBe(EXPIRED);
  clock.mockRestore();
}

/** A settled campaign with cards of every fate, and rewards of every one: granted, failed, redriven, granted after that, and pending. */
async function playedCampaign(): Promise<TestCampaign> {
  settled = 0;
  const campaign = await publishCampaign({ shards: SHARDS, fallback: "thanks", returnStock: { onVoid: false, onExpiry: true } });
  await campaign.load("first.csv", STOCK);
  const upload = { campaign: campaign.id, segment: "codes.csv", etag: "1" };
  await campaign.stage(upload, CODES);
  await campaign.pool().commitImport({ ...upload, entries: [], codes: CODES.length, opensAtMs: null, closesAtMs: null });
  await campaign.pool().changeStatus(campaign.id, "open");
  await expireCards(campaign);
  await liveCards(campaign, CARDS, SHARDS);
  await settleAll(campaign);
  const pending = (await rowsOf("rewards", campaign.id)).filter(({ status }) => status === "pending").map(({ card }) => String(card));
  const nowMs = Date.now();
  const told = (cards: readonly string[], outcome: Parameters<typeof judgeAttempt>[1]) =>
    recordVerdicts(
      env,
      cards.map((card) => judgeAttempt({ card, campaign: campaign.id, attempts: 0 }, outcome, nowMs, 0)),
      nowMs,
    );
  await told(pending.slice(0, 4), { outcome: "granted", receipt: { receipt: "r-1" } });
  await archiveOutcomes(env);
  await told(pending.slice(4, 10), { outcome: "refused", reason: "no such account" });
  await env.LEDGER.batch([...redrive(pending.slice(6, 10), nowMs)] as [D1PreparedStatement, ...D1PreparedStatement[]]);
  await told(pending.slice(8, 10), { outcome: "granted", receipt: { receipt: "r-2" } });
  expect(pending.length).toBeGreaterThan(10);
  return campaign;
}

function redrive(cards: readonly string[], nowMs: number): D1PreparedStatement[] {
  const db = drizzle(env.LEDGER);
  return redriveStatements(
    db,
    cards.map((card) => ({ card })),
    nowMs,
  ).map((statement) => {
    const { sql, params } = statement.toSQL();
    return env.LEDGER.prepare(sql).bind(...params);
  });
}

async function begin(campaign: TestCampaign, source: RebuildSource, nowMs = Date.now()): Promise<void> {
  await beginStatement(drizzle(env.LEDGER), { campaign: campaign.id, source, begunBy: "mei@example.com" }, nowMs);
}

/** What a ledger says, but for how often what is pending was tried, of what that failed, and when it next will be. */
async function sayingOf(campaign: TestCampaign, source: RebuildSource) {
  const cards = await rowsOf("cards", campaign.id);
  const rewards = await rowsOf("rewards", campaign.id);
  return {
    hash: await ledgerHash(env, campaign.id),
    cards: cards.map((row) => without(row, source === "lake" ? [] : ["reason", "till"])),
    rewards: rewards.map((row) => without(row, ["next_attempt_at", ...(row["status"] === "pending" ? ["attempts", "last_error"] : [])])),
    counters: await readCounters(campaign.id),
  };
}

function without(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !columns.includes(column)));
}

/** Has the lake tell first outcomes once more, behind all others: what came after them still holds. */
async function oldOutcomesLast(campaign: TestCampaign): Promise<void> {
  await archiveOutcomes(env);
  const prefix = `rewards/${campaign.id}/`;
  const { objects } = await env.LAKE.list({ prefix });
  const all = await Promise.all(objects.map(async ({ key }) => (await (await env.LAKE.get(key))?.text()) ?? ""));
  const first = all
    .join("")
    .split("\n")
    .filter((line) => line.includes('"version":1,'));
  expect(first.length).toBeGreaterThan(4);
  await env.LAKE.put(`${prefix}9999-01-01/again.ndjson`, first.join("\n"));
}

it.each(SOURCES)(
  "says all that it said before, made again from the %s",
  async (source) => {
    const campaign = await playedCampaign();
    const before = await sayingOf(campaign, source);
    expect(new Set(before.cards.map(({ state }) => state))).toEqual(
      new Set(["issued", "revealed", "redeemed", "used", "voided", "expired"]),
    );
    expect(new Set(before.cards.map(({ returned }) => returned))).toEqual(new Set([null, 0, 1]));
    expect(new Set(before.cards.map(({ segment }) => segment))).toEqual(new Set([null, "first.csv", "codes.csv"]));
    expect(new Set(before.rewards.map(({ kind }) => kind))).toEqual(new Set(["coupon", "code", "webhook"]));
    expect(new Set(before.rewards.map(({ status, redrives }) => `${status} ${redrives}`))).toEqual(
      new Set(["granted 0", "failed 0", "pending 0", "pending 1", "granted 1"]),
    );
    await oldOutcomesLast(campaign);
    await begin(campaign, source);
    expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
    expect(await sayingOf(campaign, source)).toEqual(before);
    expect(await lastRebuild(env, campaign.id)).toMatchObject({
      status: "ended",
      cards: PLAYED,
      damaged: 0,
      hashBefore: before.hash,
      hashAfter: before.hash,
    });
    expect(await recount(campaign.id)).toEqual(before.counters);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
    // What comes after it is chained to what was made again.
    await liveCards(campaign, 4, SHARDS, CARDS);
    await settleAll(campaign);
    await mendGaps(env, Date.now() + HOUR_MS);
    const now = await invariants(env, campaign.id);
    expect([now?.differences, now?.chainFaults, now?.missing]).toEqual([[], [], []]);
  },
  60_000,
);

it.each(SOURCES)(
  "takes each step once from the %s, however many take it, and is ended by the schedule where it was left",
  async (source) => {
    const campaign = await playedCampaign();
    const before = await sayingOf(campaign, source);
    const begunMs = Date.now();
    await begin(campaign, source, begunMs);
    const phases = new Set<string>();
    for (;;) {
      const rebuild = await rebuildOf(env, campaign.id);
      if (rebuild === null) throw new Error("it was done too soon for this test");
      if (rebuild.cursor.phase === "count") break;
      phases.add(rebuild.cursor.phase);
      await Promise.all([takeStep(env, rebuild, begunMs), takeStep(env, rebuild, begunMs)]);
      await takeStep(env, rebuild, begunMs);
      expect((await rebuildOf(env, campaign.id))?.step).toBe(rebuild.step + 1);
    }
    expect(phases).toEqual(new Set(["hash", "archive", "wipe", source, "outcomes"]));
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await endLeftRebuilds(env, begunMs + 60_000);
    expect(await rebuildOf(env, campaign.id)).not.toBeNull();
    await endLeftRebuilds(env, begunMs + 180_000);
    expect(await rebuildOf(env, campaign.id)).toBeNull();
    expect(await sayingOf(campaign, source)).toEqual(before);
  },
  60_000,
);

it.each(SOURCES)(
  "leaves new blocks with their issuers until it is made again from the %s, and takes them then",
  async (source) => {
    const campaign = await playedCampaign();
    const before = await ledgerHash(env, campaign.id);
    await begin(campaign, source);
    const first = await rebuildOf(env, campaign.id);
    if (first === null) throw new Error("it was not begun");
    await liveCards(campaign, 10, SHARDS, CARDS);
    await expect.poll(() => queue.sent.length, { timeout: 20_000 }).toBeGreaterThan(settled);
    const sent = queue.sent.slice(settled);
    // While it waits, at each step, and what another campaign sent with it settles.
    const other = await openCampaign({ points: 5 }, { shards: 1 });
    await other.draw([drawOf("another's")]);
    await expect.poll(() => queue.blocks(other.id).length, { timeout: 20_000 }).toBeGreaterThan(0);
    await settle();
    expect((await rowsOf("cards", other.id)).length).toBe(1);
    for (let rebuild = await rebuildOf(env, campaign.id); rebuild !== null; rebuild = await rebuildOf(env, campaign.id)) {
      const { ackAll } = await deliver(sent.slice(0, 10));
      expect(ackAll).toBe(true);
      expect((await invariants(env, campaign.id))?.rebuild).toEqual({ from: source, startedAt: first.startedAt });
      await takeStep(env, rebuild);
    }
    expect(await unsettled(campaign)).toBeGreaterThan(0);
    expect((await rowsOf("cards", campaign.id)).length).toBe(PLAYED);
    const nowMs = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => nowMs + HOUR_MS);
    await Promise.all([0, 1].map((shard) => runDurableObjectAlarm(campaign.issuerStub(shard))));
    await settleAll(campaign);
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
    expect((await rowsOf("cards", campaign.id)).length).toBe(PLAYED + 10);
    expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
    // Its hashes are of when nothing was settled.
    expect(await lastRebuild(env, campaign.id)).toMatchObject({ hashBefore: before, hashAfter: before });
    expect(await ledgerHash(env, campaign.id)).not.toBe(before);
  },
  60_000,
);

it("asks no provider for a reward before the lake has told what became of it, and then only for those that are pending", async () => {
  const campaign = await playedCampaign();
  const pending = async () => (await rowsOf("rewards", campaign.id)).filter(({ status }) => status === "pending");
  const owed = await pending();
  await begin(campaign, "issuers");
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const due = new Set<unknown>();
  const asked: unknown[] = [];
  let most = 0;
  for (let rebuild = await rebuildOf(env, campaign.id); rebuild !== null; rebuild = await rebuildOf(env, campaign.id)) {
    if (!["hash", "archive", "wipe"].includes(rebuild.cursor.phase)) {
      await sweepRewards(env, Date.now() + 365 * 24 * HOUR_MS);
      const waiting = await pending();
      // Nor by a message that was on its way.
      const ids = waiting.map(({ card }) => String(card));
      asked.push(...(await loadDueRewards(env, ids, Date.now())));
      most = Math.max(most, waiting.length);
      for (const { next_attempt_at: at } of waiting) due.add(at);
    }
    await takeStep(env, rebuild);
  }
  expect(due).toEqual(new Set([HELD_UNTIL_MS]));
  expect(asked).toEqual([]);
  // All that were promised were pending, once.
  expect(most).toBeGreaterThan(owed.length);
  expect((await pending()).map(({ card }) => card)).toEqual(owed.map(({ card }) => card));
  const laterMs = Date.now() + HOUR_MS;
  await sweepRewards(env, laterMs);
  expect(new Set((await pending()).map(({ next_attempt_at: at }) => at))).toEqual(new Set([laterMs]));
}, 60_000);

it("is made of the issuers alone where the lake is gone: each promised reward is pending again, to be asked for under its key", async () => {
  const campaign = await playedCampaign();
  const before = await sayingOf(campaign, "issuers");
  await archiveOutcomes(env);
  for (const prefix of [`lake/${campaign.id}/`, `rewards/${campaign.id}/`]) {
    const { objects } = await env.LAKE.list({ prefix });
    await env.LAKE.delete(objects.map(({ key }) => key));
  }
  await begin(campaign, "issuers");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  const after = await sayingOf(campaign, "issuers");
  expect([after.hash, after.cards]).toEqual([before.hash, before.cards]);
  expect(new Set(after.rewards.map(({ kind, status }) => `${kind} ${status}`))).toEqual(
    new Set(["code granted", "coupon granted", "webhook pending"]),
  );
}, 60_000);

it("leaves out, and counts, what in the lake is not as it was written, and has it again when the lake has", async () => {
  const campaign = await playedCampaign();
  const before = await sayingOf(campaign, "lake");
  const { objects } = await env.LAKE.list({ prefix: `lake/${campaign.id}/` });
  const key = objects[3]?.key ?? "";
  const object = await env.LAKE.get(key);
  const [lines, customMetadata] = [(await object?.text()) ?? "", object?.customMetadata ?? {}];
  await env.LAKE.put(key, "{}\n", { customMetadata });
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await begin(campaign, "lake");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  expect(errors).toHaveBeenCalled();
  expect(await lastRebuild(env, campaign.id)).toMatchObject({
    damaged: 1,
    hashBefore: before.hash,
    hashAfter: expect.not.stringMatching(before.hash),
  });
  expect((await invariants(env, campaign.id))?.differences.length).toBeGreaterThan(0);
  await env.LAKE.put(key, lines, { customMetadata });
  await mendGaps(env, Date.now() + HOUR_MS);
  const after = await sayingOf(campaign, "lake");
  expect([after.hash, after.cards, after.counters]).toEqual([before.hash, before.cards, before.counters]);
}, 60_000);

it("leaves a block to its issuer that came into the lake and not into the ledger, and takes it when it is sent again", async () => {
  const campaign = await playedCampaign();
  await liveCards(campaign, 4, SHARDS, CARDS);
  await expect.poll(() => unsettled(campaign), { timeout: 20_000 }).toBeGreaterThan(0);
  await expect.poll(() => queue.sent.length, { timeout: 20_000 }).toBeGreaterThan(settled);
  for (const block of queue.blocks(campaign.id)) await archiveBlock(env, block);
  const before = await sayingOf(campaign, "lake");
  await begin(campaign, "lake");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  expect(await sayingOf(campaign, "lake")).toEqual(before);
  await settleAll(campaign);
  expect((await rowsOf("cards", campaign.id)).length).toBe(PLAYED + 4);
  expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
}, 60_000);

it("lets no settlement through that had looked before it began", async () => {
  const campaign = await openCampaign({ points: 5 });
  await campaign.draw([drawOf("a card")]);
  await expect.poll(() => queue.blocks(campaign.id).length, { timeout: 20_000 }).toBeGreaterThan(0);
  const blocks = queue.blocks(campaign.id);
  await begin(campaign, "issuers");
  await expect(env.LEDGER.batch([insertBlocks(env, blocks, Date.now())])).rejects.toThrow("NOT NULL constraint failed: blocks.hash");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  await env.LEDGER.batch([insertBlocks(env, blocks, Date.now())]);
});

it("is begun once where two begin it at once, and anew when it has ended", async () => {
  const campaign = await openCampaign({ points: 5 });
  await begin(campaign, "issuers", 1_000);
  await expect(begin(campaign, "lake", 2_000)).rejects.toThrow("ledger_rebuilds");
  expect(await rebuildOf(env, campaign.id)).toMatchObject({ source: "issuers", startedAt: 1_000 });
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  await begin(campaign, "lake", 3_000);
  expect(await rebuildOf(env, campaign.id)).toMatchObject({ source: "lake", startedAt: 3_000, hashBefore: "", damaged: 0, step: 0 });
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
});

it("is ended once where two end it, and by none that another has begun after", async () => {
  const campaign = await openCampaign({ points: 5 });
  const ends = async () => {
    const query = "SELECT count(*) AS ends FROM audit WHERE subject = ? AND action = 'ledger.rebuilt'";
    return env.LEDGER.prepare(query).bind(campaign.id).first<number>("ends");
  };
  await begin(campaign, "issuers", 1_000);
  let last = await rebuildOf(env, campaign.id);
  while (last !== null && last.cursor.phase !== "end") {
    await takeStep(env, last);
    last = await rebuildOf(env, campaign.id);
  }
  if (last === null) throw new Error("it was done too soon for this test");
  await Promise.all([takeStep(env, last), takeStep(env, last)]);
  await takeStep(env, last);
  expect(await ends()).toBe(1);
  await begin(campaign, "lake", 2_000);
  await takeStep(env, last);
  expect(await rebuildOf(env, campaign.id)).toMatchObject({ source: "lake", step: 0 });
  expect(await ends()).toBe(1);
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  expect(await ends()).toBe(2);
  expect(await lastRebuild(env, campaign.id)).toMatchObject({ status: "ended", source: "lake", startedAt: 2_000 });
});

it("keeps what was settled ahead of what is still on its way, and takes that when it comes", async () => {
  const campaign = await openCampaign({ points: 20 }, { shards: 1 });
  const rules = await campaign.pool().rules(campaign.id);
  if (rules === null) throw new Error("the campaign has no rules");
  const address = { campaign: campaign.id, shard: 0 };
  // Taking rules cuts a block: one each for the card's issue, reveal and redemption.
  const [result] = await campaign.draw([drawOf("request", { recipient: "recipient", metadata: "{}" })]);
  if (result === undefined || !("cardId" in result)) throw new Error("no card was drawn");
  const order = { ...address, cardId: result.cardId, lineUserId: "U1" };
  await campaign.issuer().configure(address, rules);
  await campaign.issuer().reveal({ ...order, trail: null });
  await campaign.issuer().configure(address, rules);
  await campaign.issuer().redeem(order);
  await campaign.issuer().configure(address, rules);
  await expect.poll(() => queue.blocks(campaign.id).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  const blocks = new Map(queue.blocks(campaign.id).map((block) => [block.header.block, encodeBlock(block.header, block.body)]));
  const block = (number: number) => blocks.get(number) ?? new Uint8Array();
  await deliver([block(3)]);
  await begin(campaign, "issuers");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  expect(await rowsOf("cards", campaign.id)).toMatchObject([
    { state: "redeemed", version: 3, revealed_at: null, request: null, line_user: "U1" },
  ]);
  expect(await rowsOf("rewards", campaign.id)).toMatchObject([{ recipient: "recipient", line_user: "U1", status: "pending" }]);
  await deliver([block(2), block(1)]);
  expect(await rowsOf("cards", campaign.id)).toMatchObject([{ state: "redeemed", version: 3, request: "request", recipient: "recipient" }]);
  expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
  const now = await invariants(env, campaign.id);
  expect([now?.differences, now?.unsettled]).toEqual([[], { blocks: 0, events: 0 }]);
}, 60_000);
