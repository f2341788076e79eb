import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { encodeBlock } from "../../../durable-objects/block.ts";
import { drawOf, openCampaign, publishCampaign } from "../../../durable-objects/campaign.fixture.ts";
import type { TestCampaign } from "../../../durable-objects/campaign.fixture.ts";
import type { ShardAddress } from "../../../durable-objects/protocol.ts";
import { aroundObjects } from "../../../test/workerd/around.ts";
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
import { HELD_UNTIL_MS, MADE_AGAIN_UNTIL_MS } from "../held-rewards.ts";
import { archiveBlock, linesHash } from "../lake.ts";
import { register } from "../ledgers.ts";
import { liveCards } from "../live-cards.fixture.ts";
import { mendGaps } from "../mend-gaps.ts";
import { settleBlocks } from "../settle.ts";
import { readCounters, recount } from "../recount.fixture.ts";
import { beginStatement, endLeftRebuilds, goOnRebuilding, redirectStatement, takeStep } from "./rebuild.ts";
import { lastRebuild, rebuildOf } from "./under-way.ts";
import type { RebuildSource } from "./under-way.ts";

/** All of a campaign, where there is one ledger. */
const WHOLE = { ledger: register(env), ledgers: 1 };

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
      { interval: 50 },
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
  await expect.poll(expired).toBe(EXPIRED);
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
      register(env),
      cards.map((card) => judgeAttempt({ card, campaign: campaign.id, attempts: 0 }, outcome, nowMs, 0)),
      nowMs,
    );
  await told(pending.slice(0, 4), { outcome: "granted", receipt: { receipt: "r-1" } });
  await archiveOutcomes(env);
  await told(pending.slice(4, 10), { outcome: "refused", reason: "no such account" });
  await env.LEDGER.batch([...redrive(campaign.id, pending.slice(6, 10), nowMs)] as [D1PreparedStatement, ...D1PreparedStatement[]]);
  await told(pending.slice(8, 10), { outcome: "granted", receipt: { receipt: "r-2" } });
  expect(pending.length).toBeGreaterThan(10);
  return campaign;
}

function redrive(campaign: string, cards: readonly string[], nowMs: number): D1PreparedStatement[] {
  const db = drizzle(env.LEDGER);
  return redriveStatements(
    db,
    cards.map((card) => ({ campaign, card })),
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
  const lines = first.join("\n");
  await env.LAKE.put(`${prefix}9999-01-01/again-${linesHash(lines)}.ndjson`, lines);
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
      if (rebuild.cursor.phase === "forget") break;
      phases.add(rebuild.cursor.phase);
      await Promise.all([takeStep(env, WHOLE, rebuild, begunMs), takeStep(env, WHOLE, rebuild, begunMs)]);
      await takeStep(env, WHOLE, rebuild, begunMs);
      expect((await rebuildOf(env, campaign.id))?.step).toBe(rebuild.step + 1);
    }
    expect(phases).toEqual(new Set(["hash", "archive", "wipe", source, "check", "outcomes", "count", "rewards"]));
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
    await expect.poll(() => queue.sent.length).toBeGreaterThan(settled);
    const sent = queue.sent.slice(settled);
    // While it waits, at each step, and what another campaign sent with it settles.
    const other = await openCampaign({ points: 5 }, { shards: 1 });
    await other.draw([drawOf("another's")]);
    await expect.poll(() => queue.blocks(other.id).length).toBeGreaterThan(0);
    await settle();
    expect((await rowsOf("cards", other.id)).length).toBe(1);
    for (let rebuild = await rebuildOf(env, campaign.id); rebuild !== null; rebuild = await rebuildOf(env, campaign.id)) {
      const { taken } = await deliver(sent.slice(0, 10));
      expect(taken).toBe(true);
      expect((await invariants(env, campaign.id))?.rebuild).toEqual({ from: source, startedAt: first.startedAt });
      await takeStep(env, WHOLE, rebuild);
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
    if (["issuers", "check", "outcomes", "count"].includes(rebuild.cursor.phase)) {
      await sweepRewards(env, Date.now() + 365 * 24 * HOUR_MS);
      const waiting = await pending();
      // Nor by a message that was on its way.
      const refs = waiting.map(({ card }) => ({ campaign: campaign.id, card: String(card) }));
      asked.push(...(await loadDueRewards(env, refs, Date.now())));
      most = Math.max(most, waiting.length);
      for (const { next_attempt_at: at } of waiting) due.add(at);
    }
    await takeStep(env, WHOLE, rebuild);
  }
  expect(due).toEqual(new Set([MADE_AGAIN_UNTIL_MS]));
  expect(asked).toEqual([]);
  // All that were promised were pending, once.
  expect(most).toBeGreaterThan(owed.length);
  expect((await pending()).map(({ card }) => card)).toEqual(owed.map(({ card }) => card));
  const laterMs = Date.now() + HOUR_MS;
  await sweepRewards(env, laterMs);
  expect(new Set((await pending()).map(({ next_attempt_at: at }) => at))).toEqual(new Set([laterMs]));
});

it("is made of the issuers alone where the lake is gone: what was pending is, and each reward that was granted or failed is held", async () => {
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
  expect(await heldOf(campaign)).toEqual(
    before.rewards.flatMap(({ card, kind, status }) => (kind !== "webhook" || status === "pending" ? [] : [card])),
  );
});

it.each([
  ["what in the lake is not as it was written", "itself"],
  ["a block that lies in the lake under the name of another", "another"],
])(
  "leaves out, and counts, %s, and has it again when the lake has",
  async (_, whose) => {
    const campaign = await playedCampaign();
    const before = await sayingOf(campaign, "lake");
    const { objects } = await env.LAKE.list({ prefix: `lake/${campaign.id}/` });
    const [key = "", other = ""] = objects.slice(3).map((object) => object.key);
    const { lines, customMetadata } = await objectOf(key);
    if (whose === "itself") await env.LAKE.put(key, "{}\n", { customMetadata });
    else {
      const instead = await objectOf(other);
      await env.LAKE.put(key, instead.lines, { customMetadata: instead.customMetadata });
    }
    const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await begin(campaign, "lake");
    expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
    expect(errors).toHaveBeenCalled();
    expect(await lastRebuild(env, campaign.id)).toMatchObject({
      damaged: 1,
      missing: 1,
      faults: [`${key} is not as it was written`, expect.stringMatching(/^shard \d: the lake does not have blocks \d+$/)],
      hashBefore: before.hash,
      hashAfter: expect.not.stringMatching(before.hash),
    });
    expect((await invariants(env, campaign.id))?.differences.length).toBeGreaterThan(0);
    await env.LAKE.put(key, lines, { customMetadata });
    await mendGaps(env, Date.now() + HOUR_MS);
    const after = await sayingOf(campaign, "lake");
    expect([after.hash, after.cards]).toEqual([before.hash, before.cards]);
  },
  60_000,
);

/** Cards whose rewards are held. */
async function heldOf(campaign: TestCampaign): Promise<unknown[]> {
  return (await rowsOf("rewards", campaign.id)).flatMap(({ card, next_attempt_at: at }) => (at === HELD_UNTIL_MS ? [card] : []));
}

/** Rewards by card, but for what of a pending one was tried. */
async function rewardsOf(campaign: TestCampaign): Promise<Row[]> {
  return (await sayingOf(campaign, "issuers")).rewards;
}

async function objectOf(key: string) {
  const object = await env.LAKE.get(key);
  return { lines: (await object?.text()) ?? "", customMetadata: object?.customMetadata ?? {} };
}

/** What an object of the lake was; `damage` is done to it. */
async function damageLake(key: string, damage: (lines: string) => string | null): Promise<() => Promise<void>> {
  const { lines, customMetadata } = await objectOf(key);
  const damaged = damage(lines);
  if (damaged === null) await env.LAKE.delete(key);
  else await env.LAKE.put(key, damaged, { customMetadata });
  return async () => void (await env.LAKE.put(key, lines, { customMetadata }));
}

it.each<[string, (text: string) => string | null, (key: string) => { damaged: number; faults: string[] }]>([
  ["is gone", () => null, () => ({ damaged: 0, faults: [] })],
  ["lacks a line", (text) => text.slice(text.indexOf("\n") + 1), (key) => ({ damaged: 1, faults: [`${key} is not as it was written`] })],
  [
    "says something else",
    (text) => text.replaceAll('"granted"', '"failed"'),
    (key) => ({ damaged: 1, faults: [`${key} is not as it was written`] }),
  ],
])(
  "holds each reward that only an object of the lake tells of which %s, asks nobody for it, and has it again when the lake has",
  async (_, damage, found) => {
    const campaign = await playedCampaign();
    await archiveOutcomes(env);
    const before = await rewardsOf(campaign);
    // The first four that were granted, and nothing else.
    const [first] = (await env.LAKE.list({ prefix: `rewards/${campaign.id}/` })).objects;
    const key = first?.key ?? "";
    const restore = await damageLake(key, damage);
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await begin(campaign, "issuers");
    expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
    const held = await heldOf(campaign);
    expect(held).toHaveLength(4);
    expect(await lastRebuild(env, campaign.id)).toMatchObject({ held: 4, ...found(key) });
    // Neither the sweep nor a message that was on its way has it asked for.
    await sweepRewards(env, Date.now() + 365 * 24 * HOUR_MS);
    const refs = held.map((card) => ({ campaign: campaign.id, card: String(card) }));
    expect(await loadDueRewards(env, refs, Date.now() + 365 * 24 * HOUR_MS)).toEqual([]);
    expect(await heldOf(campaign)).toEqual(held);
    const others = (rows: readonly Row[]) => rows.filter(({ card }) => !held.includes(card ?? ""));
    expect(others(await rewardsOf(campaign))).toEqual(others(before));
    const why = (await rowsOf("rewards", campaign.id)).filter(({ card }) => held.includes(card)).map(({ last_error: error }) => error);
    expect(new Set(why)).toEqual(new Set(["held: granted before the ledger was rebuilt, and the lake does not tell of it"]));
    expect((await invariants(env, campaign.id))?.differences).toEqual([
      "rewards that are held, for it is not known whether they were granted: 4",
    ]);
    // Made again another time, they are held on, with the same reason, until the lake tells of them.
    await begin(campaign, "lake");
    expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
    expect(await heldOf(campaign)).toEqual(held);
    expect((await rowsOf("rewards", campaign.id)).filter(({ card }) => held.includes(card)).map(({ last_error: error }) => error)).toEqual(
      why,
    );
    await restore();
    await begin(campaign, "issuers");
    expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
    expect(await rewardsOf(campaign)).toEqual(before);
    expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
  },
  90_000,
);

it("holds what a ledger that was lost does not remember to have had as pending", async () => {
  const campaign = await playedCampaign();
  await archiveOutcomes(env);
  const before = await rewardsOf(campaign);
  for (const table of ["cards", "rewards", "blocks", "minute_counters"]) {
    await env.LEDGER.prepare(`DELETE FROM ${table} WHERE campaign = ?`).bind(campaign.id).run();
  }
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  await begin(campaign, "lake");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  const pending = before.filter(({ status }) => status === "pending").map(({ card }) => card);
  expect(await heldOf(campaign)).toEqual(pending);
  expect(await lastRebuild(env, campaign.id)).toMatchObject({ held: pending.length, damaged: 0, missing: 0, faults: [] });
  const { failed = [], granted = [] } = Object.groupBy(await rewardsOf(campaign), ({ status }) => String(status));
  expect([...failed, ...granted].map(({ card }) => String(card)).sort()).toEqual(
    before.filter(({ status }) => status !== "pending").map(({ card }) => card),
  );
});

it("names blocks that are gone from the lake, and holds their rewards when the lake has them again", async () => {
  const campaign = await playedCampaign();
  const before = await sayingOf(campaign, "lake");
  const redeemed = before.rewards.filter(({ kind }) => kind === "webhook").map(({ card }) => String(card));
  const { objects } = await env.LAKE.list({ prefix: `lake/${campaign.id}/` });
  const texts = await Promise.all(objects.map(async ({ key }) => ({ key, text: (await (await env.LAKE.get(key))?.text()) ?? "" })));
  // One amid the shard's blocks, in which a prize of another system was redeemed, and the shard's last.
  const amid = texts.findIndex(({ text }) => text.includes('"redeemed"') && redeemed.some((card) => text.includes(card)));
  const lastOfShard = texts.findLastIndex(({ key }) => key.includes("/00000-"));
  const gone = [amid, lastOfShard].map((i) => texts[i]?.key ?? "");
  const numbers = gone.map((key) => Number(/-(\d+)\.ndjson$/.exec(key)?.[1]));
  const restores = [];
  for (const key of gone) restores.push(await damageLake(key, () => null));
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await begin(campaign, "lake");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  expect(await lastRebuild(env, campaign.id)).toMatchObject({
    damaged: 0,
    missing: 2,
    faults: [`shard 0: the lake does not have blocks ${numbers.join(", ")}`],
  });
  expect((await invariants(env, campaign.id))?.missing.map(({ shard, block }) => [shard, block])).toEqual(
    numbers.map((block) => [0, block]),
  );
  for (const restore of restores) await restore();
  await mendGaps(env, Date.now() + HOUR_MS);
  const after = await sayingOf(campaign, "lake");
  expect([after.hash, after.cards]).toEqual([before.hash, before.cards]);
  const held = await heldOf(campaign);
  expect(held.length).toBeGreaterThan(0);
  // The outcomes of those are in the lake: another rebuild reads them.
  await begin(campaign, "lake");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  const granted = (rows: readonly Row[]) => rows.filter(({ status }) => status !== "pending");
  expect(granted(await rewardsOf(campaign))).toEqual(granted(before.rewards));
});

it("counts once what became of a reward while its ledger was rebuilt, whenever it became so", async () => {
  const campaign = await playedCampaign();
  const owed = (await rowsOf("rewards", campaign.id)).filter(({ status }) => status === "pending").map(({ card }) => String(card));
  const grant = async (card: string) => {
    const nowMs = Date.now();
    const verdict = judgeAttempt({ card, campaign: campaign.id, attempts: 0 }, { outcome: "granted", receipt: {} }, nowMs, 0);
    await recordVerdicts(env, register(env), [verdict], nowMs);
  };
  await begin(campaign, "issuers");
  const done = new Set<string>();
  for (let rebuild = await rebuildOf(env, campaign.id); rebuild !== null; rebuild = await rebuildOf(env, campaign.id)) {
    const { phase } = rebuild.cursor;
    const card = owed[done.size];
    if (["count", "rewards", "forget"].includes(phase) && !done.has(phase) && card !== undefined) {
      await grant(card);
      done.add(phase);
    }
    await takeStep(env, WHOLE, rebuild);
  }
  expect(done.size).toBe(3);
  const rows = await rowsOf("rewards", campaign.id);
  expect(rows.filter(({ card }) => owed.slice(0, 3).includes(String(card))).map(({ status }) => status)).toEqual(Array(3).fill("granted"));
  expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
});

/** A played campaign of which one issuer was not told yet that the ledger has its last block. */
async function lateAcknowledged() {
  const campaign = await playedCampaign();
  const told: (() => Promise<unknown>)[] = [];
  const CARD_ISSUER = aroundObjects(env.CARD_ISSUER, async (call, work) => {
    if (call !== "acknowledge") return work();
    told.push(work);
    return undefined;
  });
  await liveCards(campaign, 2, SHARDS, CARDS);
  await expect.poll(() => queue.sent.length).toBeGreaterThan(settled);
  await expect
    .poll(async () => {
      const blocks = queue.blocks(campaign.id);
      await settleBlocks({ ...env, CARD_ISSUER }, blocks);
      settled = queue.sent.length;
      const tallies = await Promise.all([0, 1].map((shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })));
      const last = tallies.map(({ lastBlock }) => lastBlock);
      const { results } = await env.LEDGER.prepare(
        "SELECT max(block) AS block FROM blocks WHERE campaign = ? GROUP BY shard ORDER BY shard",
      )
        .bind(campaign.id)
        .all<{ block: number }>();
      const isAll = results.every(({ block }, shard) => block === last[shard]);
      return isAll && tallies.every(({ unpackedEvents, unsettledBlocks }) => unpackedEvents === 0 && unsettledBlocks > 0);
    })
    .toBe(true);
  return { campaign, tell: () => Promise.all(told.map((late) => late())) };
}

it.each(SOURCES)(
  "has the blocks that were confirmed to their issuers while it was made again from the %s",
  async (source) => {
    const { campaign, tell } = await lateAcknowledged();
    const before = await sayingOf(campaign, source);
    await begin(campaign, source);
    let isTold = false;
    for (let rebuild = await rebuildOf(env, campaign.id); rebuild !== null; rebuild = await rebuildOf(env, campaign.id)) {
      if (!isTold && rebuild.cursor.phase === "check") {
        await tell();
        isTold = true;
      }
      await takeStep(env, WHOLE, rebuild);
    }
    expect(isTold).toBe(true);
    expect(await lastRebuild(env, campaign.id)).toMatchObject({ missing: 0, held: 0, faults: [], hashAfter: before.hash });
    expect(await sayingOf(campaign, source)).toEqual(before);
    expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
    expect((await invariants(env, campaign.id))?.differences).toEqual([]);
  },
  60_000,
);

it("waits for an issuer that does not answer, says for whom, and goes on from the lake when it is told to", async () => {
  const campaign = await playedCampaign();
  const before = await sayingOf(campaign, "lake");
  const away = aroundObjects(env.CARD_ISSUER, async (call, work, [asked]) => {
    if (call === "heldCards" && (asked as ShardAddress).shard === 1) throw new Error("the object is not reached");
    return work();
  });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await begin(campaign, "issuers");
  const silent = aroundObjects(env.CARD_ISSUER, () => new Promise(() => undefined));
  expect(await goOnRebuilding({ ...env, CARD_ISSUER: silent }, campaign.id, 30_000)).toMatchObject({
    waitsFor: "the issuer of shard 0 does not answer",
  });
  const stuck = await goOnRebuilding({ ...env, CARD_ISSUER: away }, campaign.id, 30_000);
  expect(stuck).toMatchObject({ waitsFor: "the issuer of shard 1 does not answer", cursor: { phase: "issuers", shard: 1 } });
  if (stuck === null) throw new Error("it did not wait");
  // A step of before is not taken any more.
  await redirectStatement(drizzle(env.LEDGER), stuck, "lake", Date.now());
  await takeStep(env, WHOLE, stuck);
  expect(await rebuildOf(env, campaign.id)).toMatchObject({ source: "lake", cursor: { phase: "archive", before: "wipe" }, cards: 0 });
  expect(await goOnRebuilding({ ...env, CARD_ISSUER: away }, campaign.id, 30_000)).toBeNull();
  expect(await sayingOf(campaign, "lake")).toEqual(before);
  expect(await lastRebuild(env, campaign.id)).toMatchObject({
    source: "lake",
    held: 0,
    missing: 0,
    faults: ["shard 1: its issuer did not answer: whether blocks are missing at the end is not known"],
    hashBefore: before.hash,
    hashAfter: before.hash,
  });
});

it("keeps the first hash to be read where it is told to go on from elsewhere before anything was wiped", async () => {
  const campaign = await openCampaign({ points: 5 });
  await begin(campaign, "issuers");
  const first = await rebuildOf(env, campaign.id);
  if (first === null) throw new Error("it was not begun");
  await redirectStatement(drizzle(env.LEDGER), first, "lake", Date.now());
  expect(await rebuildOf(env, campaign.id)).toMatchObject({ source: "lake", cursor: first.cursor, step: 1 });
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
});

it("leaves a block to its issuer that came into the lake and not into the ledger, and takes it when it is sent again", async () => {
  const campaign = await playedCampaign();
  await liveCards(campaign, 4, SHARDS, CARDS);
  await expect.poll(() => unsettled(campaign)).toBeGreaterThan(0);
  await expect.poll(() => queue.sent.length).toBeGreaterThan(settled);
  for (const block of queue.blocks(campaign.id)) await archiveBlock(env, block);
  const before = await sayingOf(campaign, "lake");
  await begin(campaign, "lake");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  expect(await sayingOf(campaign, "lake")).toEqual(before);
  await settleAll(campaign);
  expect((await rowsOf("cards", campaign.id)).length).toBe(PLAYED + 4);
  expect(await recount(campaign.id)).toEqual(await readCounters(campaign.id));
});

it("lets no settlement through that had looked before it began", async () => {
  const campaign = await openCampaign({ points: 5 });
  await campaign.draw([drawOf("a card")]);
  await expect.poll(() => queue.blocks(campaign.id).length).toBeGreaterThan(0);
  const blocks = queue.blocks(campaign.id);
  await begin(campaign, "issuers");
  await expect(env.LEDGER.batch([insertBlocks(env, blocks, 1, Date.now())])).rejects.toThrow("NOT NULL constraint failed: blocks.hash");
  expect(await goOnRebuilding(env, campaign.id, 30_000)).toBeNull();
  await env.LEDGER.batch([insertBlocks(env, blocks, 1, Date.now())]);
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
    await takeStep(env, WHOLE, last);
    last = await rebuildOf(env, campaign.id);
  }
  if (last === null) throw new Error("it was done too soon for this test");
  await Promise.all([takeStep(env, WHOLE, last), takeStep(env, WHOLE, last)]);
  await takeStep(env, WHOLE, last);
  expect(await ends()).toBe(1);
  await begin(campaign, "lake", 2_000);
  await takeStep(env, WHOLE, last);
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
  await expect.poll(() => queue.blocks(campaign.id).length).toBeGreaterThanOrEqual(3);
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
});
