import { AsyncLocalStorage } from "node:async_hooks";
import { createExecutionContext, createMessageBatch, getQueueResult, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { drawBy } from "../../durable-objects/draw-columns.ts";
import { drawOf } from "../../durable-objects/campaign.fixture.ts";
import { aroundBinding, aroundLedger, aroundObjects } from "../../test/workerd/around.ts";
import { FAULTS, Trouble } from "../../test/workerd/faults.ts";
import type { Caller } from "../../test/workerd/faults.ts";
import { app } from "../app.ts";
import { answerOf, call, idToken, openedCampaign, ORIGIN, standInPlatforms } from "../edge.fixture.ts";
import type { Platforms } from "../edge.fixture.ts";
import { holdQueue } from "../ledger/held-queue.fixture.ts";
import type { HeldQueue } from "../ledger/held-queue.fixture.ts";
import { invariants } from "../ledger/invariants.ts";
import { cardIssuer, prizePool } from "../objects.ts";
import { consume } from "../queues.ts";
import { runSchedule } from "../schedule.ts";
import { retryKeyOf } from "./line-push.ts";
import { ledgerRewards, outbox } from "./rewards.fixture.ts";
import type { Sent } from "./rewards.fixture.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** Longer than anything here waits for its next turn: a block, a sweep, a breaker's rest. */
const TURN_MS = 10 * MINUTE_MS;
const TROUBLED_TURNS = 4;
const MOST_TURNS = 12;
/** What an agent waits for a gate's permits is played this much faster than it is; an answer that may be late is given its time. */
const HASTE = 50;
const LONGEST_HASTENED_MS = 2_000;
const PRIZES = { points: 2, greeting: 2 } as const;

/** What stands behind a redeemed card. */
const TARGETS = ["the queue", "D1", "R2", "KV", "the provider", "LINE", "the RewardGate", "the CardIssuer"] as const;
type Target = (typeof TARGETS)[number];

let aheadMs = 0;
let queue: HeldQueue;
let platforms: Platforms;
beforeAll(async () => {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation(async (ms) => {
    if (ms > LONGEST_HASTENED_MS) return wait(ms);
    await wait(ms / HASTE);
    aheadMs += Math.ceil(ms);
  });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  platforms = await standInPlatforms();
  standInProviders();
});
beforeEach(() => void (queue = holdQueue()));
afterEach(() => queue.release());
afterAll(() => void vi.restoreAllMocks());

/** Keys under which something was granted outside. */
const granted = new Set<string>();
/** Who is calling the provider or LINE, while that is in trouble. */
const calling = new AsyncLocalStorage<{ readonly target: Target; readonly caller: Caller }>();

/** The reward system and LINE: each grants once under a key, and answers a repeat as the real one does. */
function standInProviders(): void {
  const fetches = vi.mocked(globalThis.fetch);
  const others = fetches.getMockImplementation();
  const grant = (key: string | null, again: () => Response): Response => {
    if (key === null || granted.has(key)) return again();
    granted.add(key);
    return Response.json({ granted: true, receipt: "r-1" });
  };
  fetches.mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init?.headers);
    const through = async (target: Target, answer: () => Response) => {
      const now = calling.getStore();
      return now?.target === target ? ((await now.caller.around("fetch", async () => answer(), [])) as Response) : answer();
    };
    if (url.endsWith("/rewards/points")) {
      return through("the provider", () => grant(headers.get("webhook-id"), () => Response.json({ granted: true, receipt: "r-1" })));
    }
    if (url.endsWith("/v2/bot/message/push")) {
      return through("LINE", () => grant(headers.get("x-line-retry-key"), () => Response.json({}, { status: 409 })));
    }
    if (others === undefined) throw new Error("a test may not reach out");
    return others(input, init);
  });
}

/** A campaign whose cards are all drawn, revealed and redeemed, each in a block of its own; and its user. */
async function redeemedCards() {
  const prizes = [
    { id: "points", kind: "webhook", name: { en: "Points" }, params: { provider: "points" } },
    { id: "greeting", kind: "line-message", name: { en: "Greeting" }, params: { messages: [{ type: "text", text: "You won" }] } },
  ];
  const campaign = await openedCampaign(PRIZES, { prizes, expectedPeakPerSecond: 1, endsAt: new Date(Date.now() + DAY_MS).toISOString() });
  const rules = await prizePool(env, campaign).rules(campaign);
  if (rules === null) throw new Error("the campaign has no rules");
  const address = { campaign, shard: 0 };
  const lineUserId = `U${campaign.padStart(32, "0").replaceAll(/[^0-9a-f]/g, "0")}`;
  const cards: { card: string; kind: string }[] = [];
  for (const n of [0, 1, 2, 3]) {
    const reply = await drawBy(cardIssuer(env, address), {
      ...address,
      shards: rules.shards,
      draws: [drawOf(`request ${n}`, { lineUserId })],
    });
    const [result] = reply.status === "done" ? reply.results : [];
    if (result === undefined || !("cardId" in result)) throw new Error("no card was drawn");
    const order = { ...address, cardId: result.cardId, lineUserId };
    await cardIssuer(env, address).reveal({ ...order, trail: null });
    const redeemed = await cardIssuer(env, address).redeem(order);
    cards.push({ card: result.cardId, kind: "card" in redeemed ? redeemed.card.kind : "" });
    await cardIssuer(env, address).configure(address, rules);
  }
  return { campaign, lineUserId, cards };
}

interface Message {
  readonly queue: "card-events" | "rewards";
  readonly body: unknown;
}

/** Hands a consumer its messages; gives those that come again. */
async function hand(of: Message["queue"], messages: readonly Message[], house: Env): Promise<Message[]> {
  if (messages.length === 0) return [];
  const batch = createMessageBatch(
    of,
    messages.map(({ body }, i) => ({ id: String(i), timestamp: new Date(0), attempts: 1, body })),
  );
  await consume(batch, house);
  const { ackAll, explicitAcks } = await getQueueResult(batch, createExecutionContext());
  return ackAll ? [] : messages.filter((_, i) => !explicitAcks.includes(String(i)));
}

/** The Worker's bindings as a caller has them while `target` is in trouble. */
function houseOf(target: Target, { around, besides }: Caller, sent: Sent[]): Env {
  const of = (one: Target) => (one === target ? around : besides);
  return {
    ...env,
    LEDGER: aroundLedger(env.LEDGER, of("D1")),
    LAKE: aroundBinding(env.LAKE, of("R2")),
    CONFIG: aroundBinding(env.CONFIG, of("KV")),
    REWARD_GATE: aroundObjects(env.REWARD_GATE, of("the RewardGate")),
    CARD_ISSUER: aroundObjects(env.CARD_ISSUER, of("the CardIssuer")),
    REWARDS: aroundBinding(outbox(sent), of("the queue")),
  };
}

it.each(TARGETS.flatMap((target) => FAULTS.map((fault) => ({ target, fault }))))(
  "each redeemed prize is granted once, and until then its owner is told no worse than to wait, while $target is $fault",
  async ({ target, fault }) => {
    const trouble = new Trouble(fault);
    granted.clear();
    const { campaign, lineUserId, cards } = await redeemedCards();
    const body = { campaign, idToken: await idToken(platforms, lineUserId) };
    const { session } = await answerOf<{ session: string }>(await call("/player/v1/session", { method: "POST", body }));
    const issuer = env.CARD_ISSUER.getByName(`${campaign}/0`);
    const hold = env.CARD_EVENTS.sendBatch.bind(env.CARD_EVENTS);

    let waiting: Message[] = [];
    const sent: Sent[] = [];
    const by = <T>(caller: Caller, work: (house: Env) => Promise<T>): Promise<T> =>
      calling.run({ target, caller }, () => work(houseOf(target, caller, sent)));
    const arrived = (): void => {
      waiting.push(...queue.sent.splice(0).map((bytes): Message => ({ queue: "card-events", body: bytes.slice().buffer })));
      const refs = sent.splice(0).flatMap(({ rewards }) => rewards);
      waiting.push(...refs.map((ref): Message => ({ queue: "rewards", body: { rewards: [ref] } })));
    };
    /** Two consumers at once, with one message that both have. */
    const deliver = async (of: Message["queue"]): Promise<void> => {
      arrived();
      const messages = waiting.filter((message) => message.queue === of);
      waiting = waiting.filter((message) => message.queue !== of);
      if (target === "the queue" && fault === "reordered") messages.reverse();
      const ahead = by(trouble.caller(), (house) => hand(of, messages.slice(1), house));
      const behind = by(trouble.caller(ahead), (house) => hand(of, messages.slice(0, 2), house));
      waiting.push(...(await ahead), ...(await behind));
    };
    const turn = async (): Promise<void> => {
      aheadMs += TURN_MS;
      const sender = target === "the queue" ? trouble.caller().around : null;
      if (sender !== null) {
        env.CARD_EVENTS.sendBatch = ((...asked: Parameters<typeof hold>) =>
          sender("sendBatch", () => hold(...asked), asked)) as typeof hold;
      }
      await runDurableObjectAlarm(issuer);
      await deliver("card-events");
      await deliver("rewards");
      await by(trouble.caller(), runSchedule);
      trouble.prolong();
    };
    const told = async (path: string, house: Env): Promise<string> => {
      const request = new Request(`${ORIGIN}/player/v1/campaigns/${campaign}/cards/${path}`, {
        headers: { authorization: `Bearer ${session}` },
      });
      const answer = await (await app.fetch(request, house, createExecutionContext())).json<{ status: string; code?: string }>();
      return answer.code ?? answer.status;
    };

    for (let turns = 0; turns < TROUBLED_TURNS; turns += 1) {
      await turn();
      const answer = await by(trouble.caller(), (house) => told(`${cards[0]?.card}/reward`, house));
      expect(["pending", "granted", "overloaded"]).toContain(answer);
    }
    expect(trouble.calls).toBeGreaterThan(0);
    trouble.end();
    const open = async () => {
      const { unsettledBlocks, unpackedEvents } = await cardIssuer(env, { campaign, shard: 0 }).tally({ campaign, shard: 0 });
      const rewards = await ledgerRewards(campaign);
      const outcomes = await env.LEDGER.prepare("SELECT count(*) AS n FROM lake_outbox WHERE campaign = ?")
        .bind(campaign)
        .first<number>("n");
      return (
        unsettledBlocks +
        unpackedEvents +
        waiting.length +
        cards.length -
        rewards.filter(({ status }) => status === "granted").length +
        (outcomes ?? 0)
      );
    };
    for (let turns = 0; turns < MOST_TURNS && (await open()) > 0; turns += 1) await turn();
    expect(await open()).toBe(0);

    const keys = cards.map(({ card, kind }) => (kind === "line-message" ? retryKeyOf(card) : card));
    expect(granted).toEqual(new Set(keys));
    for (const { card } of cards) expect(await told(`${card}/reward`, env)).toBe("granted");
    expect((await invariants(env, campaign))?.differences).toEqual([]);
    const { results: counted } = await env.LEDGER.prepare(
      "SELECT type, sum(count) AS n FROM minute_counters WHERE campaign = ? GROUP BY type ORDER BY type",
    )
      .bind(campaign)
      .all();
    expect(counted).toEqual(["issued", "redeemed", "revealed", "reward_granted"].map((type) => ({ type, n: cards.length })));
  },
  30_000,
);
