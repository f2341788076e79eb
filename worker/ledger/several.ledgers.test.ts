import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { encodeBlock } from "../../durable-objects/block.ts";
import { drawBy } from "../../durable-objects/draw-columns.ts";
import { drawOf } from "../../durable-objects/campaign.fixture.ts";
import type { CampaignRules, EventFeed } from "../../durable-objects/protocol.ts";
import { aroundLedger } from "../../test/workerd/around.ts";
import { accessToken, answerOf, call, idToken, openedCampaign, standInPlatforms } from "../edge.fixture.ts";
import type { Platforms } from "../edge.fixture.ts";
import { cardIssuer, prizePool } from "../objects.ts";
import { consumeRewards } from "../rewards/agent.ts";
import { archiveOutcomes } from "../rewards/archive-outcomes.ts";
import { outbox } from "../rewards/rewards.fixture.ts";
import type { Sent } from "../rewards/rewards.fixture.ts";
import { sweepRewards } from "../rewards/sweep.ts";
import { settings } from "../settings.ts";
import { sweepFeeds } from "../webhooks/feed.ts";
import { forgetListeners } from "../webhooks/listeners.ts";
import { consumePartnerEvents } from "../webhooks/tell.ts";
import { campaignCards } from "./export.ts";
import { holdQueue } from "./held-queue.fixture.ts";
import type { HeldQueue } from "./held-queue.fixture.ts";
import { invariants } from "./invariants.ts";
import { boundLedgers } from "./ledgers.ts";
import { mendGaps } from "./mend-gaps.ts";
import { beginStatement, goOnRebuilding } from "./rebuild/rebuild.ts";
import { FIRST_STEP, reconcileStep } from "./reconcile/step.ts";
import type { ReconcileCursor } from "./reconcile/step.ts";
import { consumeCardEvents } from "./settle.ts";
import { rewardsOf } from "./spanning.ts";

/** Three D1 databases, and campaigns that settle in all of them. */
const LEDGERS = 3;
/** 21 shards. */
const PEAK = 6_300;
/** Two in each ledger. */
const SHARDS = [0, 1, 2, 4, 5, 18] as const;
const CARDS_A_SHARD = 2;
const CARDS = SHARDS.length * CARDS_A_SHARD;
const USER = "Ualice";

let platforms: Platforms;
let operator: Readonly<Record<string, string>>;
let queue: HeldQueue;
/** What the reward system was asked for, and how often. */
const granted = new Map<string, number>();
beforeAll(async () => {
  platforms = await standInPlatforms();
  operator = { "cf-access-jwt-assertion": await accessToken(platforms, "operator@example.com", "operator") };
  const fetches = vi.mocked(globalThis.fetch);
  const others = fetches.getMockImplementation();
  fetches.mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url !== settings(env).REWARD_PROVIDERS["points"]?.url) return (others as typeof fetch)(input, init);
    const key = new Headers(init?.headers).get("webhook-id") ?? "";
    granted.set(key, (granted.get(key) ?? 0) + 1);
    return Response.json({ granted: true });
  });
});
beforeEach(() => void (queue = holdQueue()));
afterEach(() => queue.release());

interface Played {
  readonly campaign: string;
  readonly rules: CampaignRules;
  readonly cards: readonly { readonly card: string; readonly shard: number }[];
}

/** A campaign with cards in six shards, all of one user; every second one is redeemed, and all have left their issuers in blocks. */
async function played(): Promise<Played> {
  const campaign = await openedCampaign({ points: 500 }, { expectedPeakPerSecond: PEAK });
  const rules = await prizePool(env, campaign).rules(campaign);
  if (rules === null) throw new Error("the campaign has no rules");
  expect(rules).toMatchObject({ shards: 21, ledgers: LEDGERS });
  const cards: { card: string; shard: number }[] = [];
  for (let n = 0; n < CARDS; n++) {
    const address = { campaign, shard: SHARDS[n % SHARDS.length] ?? 0 };
    const issuer = cardIssuer(env, address);
    const reply = await drawBy(issuer, { ...address, shards: rules.shards, draws: [drawOf(`request ${n}`, { lineUserId: USER })] });
    const [result] = reply.status === "done" ? reply.results : [];
    if (result === undefined || !("cardId" in result)) throw new Error("no card was drawn");
    cards.push({ card: result.cardId, shard: address.shard });
    const order = { ...address, cardId: result.cardId, lineUserId: USER };
    if (n >= SHARDS.length) await issuer.reveal({ ...order, trail: null });
    if (n >= SHARDS.length) await issuer.redeem(order);
    // Taking rules cuts a block.
    await issuer.configure(address, rules);
  }
  await expect.poll(() => queue.blocks(campaign).reduce((sum, { header }) => sum + header.events, 0)).toBe(24);
  return { campaign, rules, cards };
}

/** Brings messages to a consumer; gives the places of those that come again. */
async function bring(of: string, bodies: readonly unknown[], consume: (batch: MessageBatch) => Promise<void>): Promise<number[]> {
  const messages = bodies.map((body, i) => ({ id: String(i), timestamp: new Date(0), attempts: 1, body }));
  const batch = createMessageBatch(of, messages);
  await consume(batch);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  expect(explicitAcks.length + retryMessages.length).toBe(bodies.length);
  return retryMessages.map(({ msgId }) => Number(msgId));
}

/** Settles what a campaign's issuers have sent; gives the shards whose messages come again. */
async function settle(house: Env, campaign: string): Promise<number[]> {
  const blocks = queue.blocks(campaign);
  const again = await bring(
    "card-events",
    blocks.map(({ header, body }) => encodeBlock(header, body).slice().buffer),
    async (batch) => consumeCardEvents(batch, house),
  );
  const shards = again.flatMap((i) => blocks[i]?.header.shard ?? []);
  return [...new Set(shards)].sort((x, y) => x - y);
}

/** Has the agent see to what was sent to it; gives the cards that come again. */
async function agent(house: Env, sent: Sent[]): Promise<string[]> {
  const messages = sent.splice(0);
  const again = await bring(
    "rewards",
    messages.map(({ rewards }) => ({ rewards })),
    async (batch) => consumeRewards(batch, house),
  );
  return again.flatMap((i) => messages[i]?.rewards.map(({ card }) => card) ?? []);
}

/** The rows of a table in each ledger. */
async function rowsOf<Row>(query: string, campaign: string): Promise<Row[][]> {
  return Promise.all(boundLedgers(env).map(async ({ LEDGER }) => (await LEDGER.prepare(query).bind(campaign).all<Row>()).results));
}

async function mustBePlaced({ campaign, cards }: Played): Promise<void> {
  const settled = await rowsOf<{ card: string }>("SELECT card FROM cards WHERE campaign = ? ORDER BY card", campaign);
  const own = (nth: number) => cards.flatMap(({ card, shard }) => (shard % LEDGERS === nth ? [card] : []));
  expect(settled.map((rows) => rows.map(({ card }) => card))).toEqual([0, 1, 2].map((nth) => own(nth).sort()));
  const redeemed = cards.slice(SHARDS.length);
  const rewards = await rowsOf<{ card: string }>("SELECT card FROM rewards WHERE campaign = ? ORDER BY card", campaign);
  expect(rewards.flat().map(({ card }) => card)).toHaveLength(redeemed.length);
  expect(rewards.map((rows) => rows.length)).toEqual([2, 2, 2]);
}

async function mustBalance({ campaign, rules }: Played): Promise<void> {
  await expect.poll(async () => (await invariants(env, campaign))?.unsettled).toEqual({ blocks: 0, events: 0 });
  const counted = await invariants(env, campaign);
  expect(counted?.differences).toEqual([]);
  expect(counted?.prizes.find(({ prize }) => prize === "points")).toMatchObject({
    settledIssued: CARDS,
    settledRedeemed: 6,
    rewards: { granted: 6, pending: 0, failed: 0 },
  });
  const told = { compared: 0, waiting: 0, differences: [] as unknown[] };
  for (let cursor: ReconcileCursor | null = FIRST_STEP; cursor !== null;) {
    const step = await reconcileStep(env, campaign, rules.shards, cursor);
    told.compared += step.compared;
    told.waiting += step.waiting;
    told.differences.push(...step.differences);
    cursor = step.next;
  }
  expect(told).toEqual({ compared: CARDS, waiting: 0, differences: [] });
}

async function asked<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  return answerOf<T>(await call(path, { method, headers: operator, ...(body === undefined ? {} : { body }) }));
}

async function rebuilt(campaign: string, from: "issuers" | "lake") {
  const path = `/admin/v1/campaigns/${campaign}/ledger/rebuild`;
  const { startedAt } = await asked<{ startedAt: number }>(path, "POST", { from });
  for (;;) {
    const told = await asked<{ done: boolean }>(path, "POST", { from, startedAt });
    if (told.done) return told;
  }
}

it("a prize's way leads through the ledger of its card's shard, and everybody sees one ledger", async () => {
  const game = await played();
  const { campaign, cards } = game;
  const sent: Sent[] = [];
  const house = { ...env, REWARDS: outbox(sent) };
  expect(await settle(house, campaign)).toEqual([]);
  await mustBePlaced(game);
  expect(await agent(house, sent)).toEqual([]);
  await mustBalance(game);
  expect([...granted.keys()].sort()).toEqual(
    cards
      .slice(SHARDS.length)
      .map(({ card }) => card)
      .sort(),
  );

  // The user.
  const body = { campaign, idToken: await idToken(platforms, USER) };
  const { session } = await answerOf<{ session: string }>(await call("/player/v1/session", { method: "POST", body }));
  const headers = { authorization: `Bearer ${session}` };
  const base = `/player/v1/campaigns/${campaign}/cards`;
  const own: { cardId: string; issuedAt: string }[] = [];
  for (let next: string | null = ""; next !== null;) {
    const path = `${base}?limit=5${next === "" ? "" : `&cursor=${encodeURIComponent(next)}`}`;
    const page: { cards: typeof own; next: string | null } = await answerOf(await call(path, { headers }));
    own.push(...page.cards);
    ({ next } = page);
  }
  expect(own.map(({ cardId }) => cardId).sort()).toEqual(cards.map(({ card }) => card).sort());
  expect(own.map(({ issuedAt }) => issuedAt)).toEqual(
    own
      .map(({ issuedAt }) => issuedAt)
      .sort()
      .reverse(),
  );
  const now = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now + 10_000);
  for (const { card } of cards.slice(SHARDS.length)) {
    expect(await answerOf(await call(`${base}/${card}/reward`, { headers }))).toEqual({ status: "granted" });
  }
  clock.mockRestore();

  // The operator.
  const listed: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path: string = `/admin/v1/campaigns/${campaign}/rewards?limit=4${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const page: { rewards: { cardId: string }[]; next: string | null } = await asked(path);
    listed.push(...page.rewards.map(({ cardId }) => cardId));
    cursor = page.next;
  }
  expect(listed).toEqual(
    cards
      .slice(SHARDS.length)
      .map(({ card }) => card)
      .sort(),
  );
  const { cards: found } = await asked<{ cards: { cardId: string; reward?: object }[] }>(`/admin/v1/care?q=${USER}`);
  expect(found.filter(({ cardId }) => cards.some(({ card }) => card === cardId))).toHaveLength(CARDS);
  const csv = await (await call(`/admin/v1/export/cards.csv?campaign=${campaign}`, { headers: operator })).text();
  const exported = csv
    .trimEnd()
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(",")[0] ?? "");
  expect(exported.sort()).toEqual(cards.map(({ card }) => card).sort());
  const range = `from=${new Date(now - 3_600_000).toISOString()}&to=${new Date(now + 3_600_000).toISOString()}&step=1d`;
  const { counts } = await asked<{ counts: object[] }>(`/admin/v1/campaigns/${campaign}/stats?${range}`);
  expect(counts).toMatchObject([{ prize: "points", issued: CARDS, revealed: 6, redeemed: 6, rewards: { granted: 6, failed: 0 } }]);
});

it("a campaign's ledgers are rebuilt as one, from either source, to what they said before", async () => {
  const game = await played();
  const { campaign } = game;
  const sent: Sent[] = [];
  const house = { ...env, REWARDS: outbox(sent) };
  await settle(house, campaign);
  await agent(house, sent);
  await mustBalance(game);
  for (const from of ["issuers", "lake"] as const) {
    const told = await rebuilt(campaign, from);
    expect(told).toMatchObject({
      cards: CARDS,
      damaged: 0,
      missing: 0,
      held: 0,
      faults: [],
      rewards: { granted: 6, pending: 0, failed: 0 },
    });
    const { hashBefore, hashAfter } = told as unknown as Record<string, string>;
    expect(hashAfter).toBe(hashBefore);
    await mustBePlaced(game);
    await mustBalance(game);
  }
  const { results } = await env.LEDGER.prepare("SELECT action FROM audit WHERE subject = ? AND action LIKE 'ledger.%' ORDER BY entry")
    .bind(campaign)
    .all();
  expect(results.map(({ action }) => action)).toEqual(["ledger.rebuild", "ledger.rebuilt", "ledger.rebuild", "ledger.rebuilt"]);
  expect((await rowsOf("SELECT campaign FROM ledger_rebuilds WHERE campaign = ?", campaign)).flat()).toEqual([]);
});

it("a rebuild waits for one ledger's issuer while the others are done, and goes on from the lake in that one when it is told to", async () => {
  const game = await played();
  const { campaign } = game;
  const sent: Sent[] = [];
  const house = { ...env, REWARDS: outbox(sent) };
  await settle(house, campaign);
  await agent(house, sent);
  await mustBalance(game);
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const real = env.CARD_ISSUER.getByName.bind(env.CARD_ISSUER);
  const away = { heldCards: () => Promise.reject(new Error("the object is not reached")) } as unknown as ReturnType<typeof real>;
  env.CARD_ISSUER.getByName = (name) => (name === `${campaign}/4` ? away : real(name));
  const path = `/admin/v1/campaigns/${campaign}/ledger/rebuild`;
  const underWay = () => rowsOf<{ source: string }>("SELECT source FROM ledger_rebuilds WHERE campaign = ?", campaign);
  const { startedAt } = await asked<{ startedAt: number }>(path, "POST", { from: "issuers" });
  await expect
    .poll(async () => asked(path, "POST", { from: "issuers", startedAt }))
    .toMatchObject({ done: false, phase: "end", waitsFor: "the issuer of shard 4 does not answer" });
  expect((await underWay()).map((rows) => rows.length)).toEqual([1, 1, 0]);

  await asked(path, "POST", { from: "lake", instead: true });
  let told: { done: boolean; hashBefore?: string; hashAfter?: string } = { done: false };
  while (!told.done) told = await asked(path, "POST", { from: "lake", startedAt });
  expect(told).toMatchObject({ cards: CARDS, damaged: 0, missing: 0, held: 0, faults: [expect.stringContaining("shard 4")] });
  expect(told.hashAfter).toBe(told.hashBefore);
  env.CARD_ISSUER.getByName = real;
  errors.mockRestore();
  expect((await underWay()).flat()).toEqual([]);
  await mustBePlaced(game);
  await mustBalance(game);
});

it("an operator's redrive reaches failed rewards in every ledger, no more than asked for, and is audited once", async () => {
  const { campaign, cards } = await played();
  const sent: Sent[] = [];
  await settle({ ...env, REWARDS: outbox(sent) }, campaign);
  for (const { LEDGER } of boundLedgers(env)) {
    await LEDGER.prepare("UPDATE rewards SET status = 'failed', next_attempt_at = NULL, failed_at = 1 WHERE campaign = ?")
      .bind(campaign)
      .run();
  }
  const redeemed = cards.slice(SHARDS.length).map(({ card }) => card);
  const some = redeemed.slice(0, 3);
  const none = cards[0]?.card ?? "";
  const first = await asked<{ redriven: { cardId: string }[]; skipped: object[]; remaining: number }>("/admin/v1/rewards/redrive", "POST", {
    campaign,
    ids: [...some, none],
  });
  expect(first.redriven.map(({ cardId }) => cardId)).toEqual(some.toSorted());
  expect(first).toMatchObject({ skipped: [{ cardId: none, status: "unknown" }], remaining: 3 });
  const second = await asked<{ redriven: { cardId: string }[]; remaining: number }>("/admin/v1/rewards/redrive", "POST", { campaign });
  expect(second.redriven.map(({ cardId }) => cardId)).toEqual(redeemed.slice(3).sort());
  expect(second.remaining).toBe(0);
  const { results } = await env.LEDGER.prepare("SELECT after FROM audit WHERE subject = ? AND action = 'rewards.redrive'")
    .bind(campaign)
    .all();
  expect(results).toHaveLength(2);
  await expect.poll(async () => (await rewardsOf(env, { campaign, limit: 50, status: "granted" })).rows.length).toBe(6);
});

it("partners are told of every ledger's rows, each known apart, and of one that is away later", async () => {
  await env.LEDGER.batch([
    env.LEDGER.prepare("INSERT INTO partners (partner, name, campaigns, updated_at) VALUES ('acme', 'Acme', '[\"*\"]', 0)"),
    env.LEDGER.prepare(
      "INSERT INTO webhook_endpoints (endpoint, partner, url, types, sealed, created_at) VALUES ('e-1', 'acme', 'https://acme.example/hooks', NULL, '', 0)",
    ),
  ]);
  forgetListeners();
  const announced: { ledger?: number; feeds: number[] }[] = [];
  const PARTNER_EVENTS = {
    sendBatch: async (messages: Iterable<{ body: (typeof announced)[number] }>) =>
      void announced.push(...[...messages].map(({ body }) => body)),
  };
  const heard: EventFeed[] = [];
  const object = { hear: async (_: unknown, feeds: readonly EventFeed[]) => (heard.push(...feeds), { status: "heard", pending: 0 }) };
  const house = { ...env, PARTNER_EVENTS, WEBHOOK_ENDPOINT: { getByName: () => object } } as unknown as Env;
  const { campaign } = await played();
  const sent: Sent[] = [];
  await settle({ ...house, REWARDS: outbox(sent) }, campaign);
  await agent({ ...house, REWARDS: outbox([]) }, sent);
  expect(new Set(announced.map(({ ledger = 0 }) => ledger))).toEqual(new Set([0, 1, 2]));

  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const away = async () => {
    throw new Error("D1_ERROR: away");
  };
  const third = Reflect.get(env, "LEDGER_3") as D1Database;
  const again = await bring("partner-events", announced, async (batch) =>
    consumePartnerEvents(batch, { ...house, LEDGER_3: aroundLedger(third, away) } as Env),
  );
  expect(again.map((i) => announced[i]?.ledger)).toEqual(again.map(() => 2));
  expect(again.length).toBeGreaterThan(0);
  errors.mockRestore();
  expect(
    await bring(
      "partner-events",
      again.map((i) => announced[i]),
      async (batch) => consumePartnerEvents(batch, house),
    ),
  ).toEqual([]);

  const sources = heard.map(({ source }) => source);
  expect(new Set(sources).size).toBe(sources.length);
  const types = Map.groupBy(
    heard.flatMap(({ events }) => events),
    ({ type }) => type,
  );
  expect([types.get("card.redeemed")?.length, types.get("reward.granted")?.length]).toEqual([6, 6]);
  expect((await rowsOf("SELECT feed FROM partner_feed WHERE campaign = ?", campaign)).flat()).toEqual([]);
  const { objects } = await env.LAKE.list({ prefix: `partner-events/${campaign}/` });
  expect(objects.length).toBe(sources.length - queue.blocks(campaign).length + silent(campaign));
});

/** Blocks that are no news. */
function silent(campaign: string): number {
  return queue.blocks(campaign).filter(({ body }) => !/"type":"(?:revealed|redeemed)"/.test(body)).length;
}

it("nothing of a campaign is settled, read, compared or rebuilt where fewer ledgers are bound than it has", async () => {
  const game = await played();
  const { campaign, rules } = game;
  const sent: Sent[] = [];
  const house = { ...env, REWARDS: outbox(sent) };
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const fewer = (["LEDGER_3", "LEDGER_2"] as const).map((gone) => ({ ...house, [gone]: undefined }));
  for (const own of fewer) expect(await settle(own, campaign)).toEqual([...SHARDS]);
  expect((await rowsOf("SELECT block FROM blocks WHERE campaign = ?", campaign)).flat()).toEqual([]);

  expect(await settle(house, campaign)).toEqual([]);
  expect(await agent(house, sent)).toEqual([]);
  await beginStatement(drizzle(env.LEDGER), { campaign, source: "issuers", begunBy: null }, Date.now());
  for (const own of fewer) {
    await expect(rewardsOf(own, { campaign, limit: 50 })).rejects.toThrow("settles in 3 ledgers");
    await expect(campaignCards(own, campaign).next()).rejects.toThrow("settles in 3 ledgers");
    await expect(invariants(own, campaign)).rejects.toThrow("settles in 3 ledgers");
    await expect(reconcileStep(own, campaign, rules.shards, FIRST_STEP)).rejects.toThrow("settles in 3 ledgers");
    await expect(goOnRebuilding(own, campaign)).rejects.toThrow("settles in 3 ledgers");
  }
  errors.mockRestore();
  expect((await rowsOf("SELECT block FROM missing_blocks WHERE campaign = ?", campaign)).flat()).toEqual([]);
  await mustBePlaced(game);
  expect(await goOnRebuilding(env, campaign, 60_000)).toBeNull();
  await mustBePlaced(game);
  await mustBalance(game);
});

it("the register, when it is away, holds up no other ledger: cards settle, and rewards are granted", async () => {
  const game = await played();
  const { campaign } = game;
  const logs = [vi.spyOn(console, "error"), vi.spyOn(console, "warn")].map((log) => log.mockImplementation(() => undefined));
  const sent: Sent[] = [];
  const house = { ...env, REWARDS: outbox(sent) };
  const away = async () => {
    throw new Error("D1_ERROR: away");
  };
  const apart = { ...house, LEDGER: aroundLedger(env.LEDGER, away) };
  forgetListeners();
  expect(await settle(apart, campaign)).toEqual([0, 18]);
  expect((await rowsOf("SELECT card FROM cards WHERE campaign = ?", campaign)).map((rows) => rows.length)).toEqual([0, 4, 4]);
  expect(await agent(apart, sent)).toEqual([]);
  expect((await rewardsOf(env, { campaign, limit: 50, status: "granted" })).rows).toHaveLength(4);
  for (const log of logs) log.mockRestore();
  expect(await settle(house, campaign)).toEqual([]);
  expect(await agent(house, sent)).toEqual([]);
  await mustBePlaced(game);
  await mustBalance(game);
});

// The last, for it moves the clock, and a gate goes by that.
it("a ledger that is away holds up its own shards and no others, and is given all of it when it is back", async () => {
  const game = await played();
  const { campaign, cards } = game;
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const sent: Sent[] = [];
  const house = { ...env, REWARDS: outbox(sent) };
  const second = Reflect.get(env, "LEDGER_2") as D1Database;
  const away = async () => {
    throw new Error("D1_ERROR: away");
  };
  const apart = { ...house, LEDGER_2: aroundLedger(second, away) };

  expect(await settle(apart, campaign)).toEqual([1, 4]);
  expect((await rowsOf("SELECT card FROM cards WHERE campaign = ?", campaign)).map((rows) => rows.length)).toEqual([4, 0, 4]);
  // One settles, and goes away before its rewards are seen to.
  expect(await settle(house, campaign)).toEqual([]);
  const mine = cards.slice(SHARDS.length).flatMap(({ card, shard }) => (shard % LEDGERS === 1 ? [card] : []));
  expect((await agent(apart, sent)).sort()).toEqual(mine.sort());
  const statuses = async () => Map.groupBy((await rewardsOf(env, { campaign, limit: 50 })).rows, ({ status }) => status);
  expect((await statuses()).get("granted")).toHaveLength(4);
  const later = Date.now() + 600_000;
  const errands = [
    () => sweepRewards(apart, later),
    () => archiveOutcomes(apart),
    () => sweepFeeds(apart, later),
    () => mendGaps(apart, later),
  ];
  for (const errand of errands) {
    await expect(errand()).rejects.toThrow("away");
  }
  expect((await rowsOf("SELECT entry FROM lake_outbox WHERE campaign = ?", campaign)).flat()).toEqual([]);

  expect(await sweepRewards(house, later)).toBe(mine.length);
  const clock = vi.spyOn(Date, "now").mockImplementation(() => later);
  expect(await agent(house, sent)).toEqual([]);
  clock.mockRestore();
  await mustBePlaced(game);
  await mustBalance(game);
  errors.mockRestore();
});
