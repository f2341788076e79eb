import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { drawBy } from "../../durable-objects/draw-columns.ts";
import { drawOf } from "../../durable-objects/campaign.fixture.ts";
import type { CardIssuerRpc } from "../../durable-objects/protocol.ts";
import { answerOf, call, idToken, openedCampaign, problemOf, standInPlatforms } from "../edge.fixture.ts";
import type { Platforms } from "../edge.fixture.ts";
import { cardIssuer, prizePool } from "../objects.ts";
import { deliver } from "./blocks.fixture.ts";
import { holdQueue } from "./held-queue.fixture.ts";
import { invariants } from "./invariants.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More blocks than an outbox may hold. */
const ENOUGH_BLOCKS = 10_000;

let platforms: Platforms;
beforeAll(async () => void (platforms = await standInPlatforms()));
afterEach(() => vi.restoreAllMocks());

interface User {
  readonly id: string;
  readonly get: (path: string) => Promise<Response>;
  readonly post: (path: string) => Promise<Response>;
}

async function signIn(campaign: string, id: string): Promise<User> {
  const body = { campaign, idToken: await idToken(platforms, id) };
  const { session } = await answerOf<{ session: string }>(await call("/player/v1/session", { method: "POST", body }));
  const headers = { authorization: `Bearer ${session}` };
  const base = `/player/v1/campaigns/${campaign}/cards`;
  return {
    id,
    get: (path) => call(base + path, { headers }),
    post: (path) => call(base + path, { method: "POST", headers }),
  };
}

/** D1 does not answer until it is said to be back. */
function ledgerAway(): { back: () => void } {
  const away = () => {
    throw new Error("D1_ERROR: away");
  };
  const spies = [vi.spyOn(env.LEDGER, "prepare").mockImplementation(away), vi.spyOn(env.LEDGER, "batch").mockImplementation(away)];
  return { back: () => spies.forEach((spy) => spy.mockRestore()) };
}

function ask(issuer: DurableObjectStub, question: string, ...asked: number[]): Promise<number> {
  return runInDurableObject(issuer, (_, { storage }) => storage.sql.exec<{ answer: number }>(question, ...asked).one().answer);
}

const fewestSendings = (issuer: DurableObjectStub) => ask(issuer, "SELECT min(attempts) AS answer FROM blocks");
const dueBlocks = (issuer: DurableObjectStub) => ask(issuer, "SELECT count(*) AS answer FROM blocks WHERE send_at <= ?", Date.now());

it("a ledger that is away for long stops draws first, then redemptions, loses nothing, and is given all of it when it is back", async () => {
  const campaign = await openedCampaign({ points: ENOUGH_BLOCKS }, { endsAt: new Date(Date.now() + DAY_MS).toISOString() });
  const address = { campaign, shard: 0 };
  const issuer = env.CARD_ISSUER.getByName(`${campaign}/0`);
  const rules = await prizePool(env, campaign).rules(campaign);
  if (rules === null) throw new Error("the campaign has no rules");
  const draw = async (requestId: string) => {
    const reply = await drawBy(cardIssuer(env, address), { ...address, shards: rules.shards, draws: [drawOf(requestId)] });
    const [result] = reply.status === "done" ? reply.results : [];
    if (result === undefined) throw new Error("the draw was not decided");
    return "cardId" in result ? result : { status: result.status, cardId: "" };
  };
  const user = await signIn(campaign, "Ualice");
  const early = await Promise.all(["a", "b", "c", "d"].map(async (request) => (await draw(request)).cardId));
  const [redeemed, revealed, untouched] = early;
  for (const card of [redeemed, revealed]) await answerOf(await user.post(`/${card}/reveal`));

  const queue = holdQueue();
  const ledger = ledgerAway();
  await answerOf(await user.post(`/${redeemed}/redeem`));

  // Each draw, and then each reveal, is cut into a block of its own, as a busy campaign would have made them in hours.
  const drawn: string[] = [];
  const blockEach = async (make: (instance: CardIssuerRpc, n: number) => Promise<boolean>) => {
    await runInDurableObject(issuer, async (instance) => {
      const made = instance as unknown as CardIssuerRpc;
      for (let n = 0; n < ENOUGH_BLOCKS; n++) {
        const going = make(made, n);
        await made.configure(address, rules);
        if (!(await going)) return;
      }
    });
  };
  await blockEach(async (instance, n) => {
    const reply = await drawBy(instance, { ...address, shards: rules.shards, draws: [drawOf(`request ${n}`)] });
    const [result] = reply.status === "done" ? reply.results : [];
    if (result !== undefined && "cardId" in result) drawn.push(result.cardId);
    return result?.status === "issued";
  });
  expect((await draw("one more")).status).toBe("overloaded");
  expect(await draw("a")).toMatchObject({ status: "replayed", cardId: redeemed });
  // While there is no room for new cards, those that are out live on.
  await answerOf(await user.post(`/${drawn[0]}/reveal`));
  await answerOf(await user.post(`/${drawn[0]}/redeem`));
  let lived = 0;
  await blockEach(async (instance, n) => {
    const { status } = await instance.reveal({ ...address, cardId: drawn[n + 1] ?? "", lineUserId: "Ubob", trail: null });
    lived += status === "ok" ? 1 : 0;
    return status === "ok";
  });
  expect(lived).toBeGreaterThan(0);

  const expectFull = async () => {
    const refused = await user.post(`/${revealed}/redeem`);
    expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect(refused.status).toBe(503);
    expect(await problemOf(refused)).toBe("overloaded");
    expect(await problemOf(await user.post(`/${untouched}/reveal`))).toBe("overloaded");
    expect(await answerOf(await user.get(`/${revealed}`))).toMatchObject({ campaign });
    expect(await answerOf(await user.post(`/${revealed}/reveal`))).toMatchObject({ state: "revealed", prize: { id: "points" } });
    expect(await answerOf(await user.post(`/${redeemed}/redeem`))).toMatchObject({ state: "redeemed", reward: { status: "pending" } });
  };
  await expectFull();
  await evictDurableObject(issuer);
  await expectFull();

  // Hours go by: everything is sent again and again, and the consumer cannot settle it.
  expect((await deliver(queue.sent.slice(0, 5))).again).toEqual([0, 1, 2, 3, 4]);
  const full = await cardIssuer(env, address).tally(address);
  let aheadMs = 0;
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
  while ((await fewestSendings(issuer)) < 5) {
    aheadMs += HOUR_MS;
    while ((await dueBlocks(issuer)) > 0) await runDurableObjectAlarm(issuer);
  }
  await expectFull();
  expect((await cardIssuer(env, address).tally(address)).unsettledBlocks).toBe(full.unsettledBlocks);

  ledger.back();
  queue.release();
  // One block that is confirmed brings the others, whenever their own turn would have come.
  await deliver(queue.sent.slice(0, 1));
  const outstanding = async () => {
    // An alarm set by this clock does not ring by itself.
    await runDurableObjectAlarm(issuer);
    const { unsettledBlocks, unpackedEvents } = await cardIssuer(env, address).tally(address);
    return unsettledBlocks + unpackedEvents;
  };
  await expect.poll(async () => (await user.post(`/${revealed}/redeem`)).status).toBe(200);
  await expect.poll(async () => (await draw("one more")).status).toMatch(/issued|replayed/);
  await expect.poll(outstanding).toBe(0);
  expect((await invariants(env, campaign))?.differences).toEqual([]);
  const { results } = await env.LEDGER.prepare(
    "SELECT state, count(*) AS cards FROM cards WHERE campaign = ? GROUP BY state ORDER BY state",
  )
    .bind(campaign)
    .all();
  expect(results).toEqual([
    { state: "issued", cards: early.length + drawn.length + 1 - 3 - lived },
    { state: "redeemed", cards: 3 },
    { state: "revealed", cards: lived },
  ]);
});
