import { abortAllDurableObjects, createMessageBatch, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { EndpointAddress, EndpointReport, OutgoingEvent } from "../../durable-objects/protocol.ts";
import { locateCard } from "../cards/card.ts";
import { accessToken, answerOf, call, openedCampaign, problemOf, standInPlatforms } from "../edge.fixture.ts";
import type { Platforms } from "../edge.fixture.ts";
import { cardIssuer, webhookEndpoint } from "../objects.ts";
import { drawCards } from "../cards/draw-cards.ts";
import { campaignSnapshot } from "../campaign/snapshot.ts";
import { settings } from "../settings.ts";
import { sweepFeeds } from "./feed.ts";
import { consumePartnerEvents } from "./tell.ts";
import { watchStock } from "./watch-stock.ts";

interface Heard {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly campaign?: string; readonly cardId?: string; readonly order: number; readonly prize?: string };
}
type Answerer = (heard: Heard, init: RequestInit) => Response | Promise<Response>;

/** A partner's system at an address: verifies every call, notes it, answers as it is told to. */
class PartnerSystem {
  readonly heard: Heard[] = [];
  unverified = 0;
  answer: Answerer = () => new Response(null, { status: 204 });
  secret = "";

  async take(init: RequestInit): Promise<Response> {
    const headers = Object.fromEntries(new Headers(init.headers));
    const body = typeof init.body === "string" ? init.body : "";
    try {
      new Webhook(this.secret).verify(body, headers);
    } catch {
      this.unverified += 1;
      return new Response(null, { status: 401 });
    }
    const { type, data } = JSON.parse(body) as Heard;
    const heard = { id: headers["webhook-id"] ?? "", type, data };
    this.heard.push(heard);
    return this.answer(heard, init);
  }

  of(cardId: string): Heard[] {
    return this.heard.filter(({ data }) => data.cardId === cardId);
  }
}

const systems = new Map<string, PartnerSystem>();
/** What the reward system `points` answers. */
let points: () => Response = () => Response.json({ granted: true });
let platforms: Platforms;
let operator = "";
beforeAll(async () => {
  platforms = await standInPlatforms();
  operator = await accessToken(platforms, "operator@example.com", "operator");
});
beforeEach(() => {
  const platformFetch = vi.mocked(globalThis.fetch).getMockImplementation();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const system = systems.get(url);
    if (system !== undefined) return system.take(init ?? {});
    if (url === settings(env).REWARD_PROVIDERS["points"]?.url) return points();
    if (platformFetch === undefined) throw new Error("a test may not reach out");
    return platformFetch(input, init);
  });
});
afterEach(() => {
  for (const system of systems.values()) system.answer = () => new Response(null, { status: 204 });
});

function admin(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { "cf-access-jwt-assertion": operator };
  return call(`/admin/v1${path}`, body === undefined ? { method, headers } : { method, headers, body });
}

let made = 0;
async function newPartner(...campaigns: readonly string[]): Promise<string> {
  made += 1;
  const id = `hooked-${made}`;
  await answerOf(await admin("PUT", "/partners", { id, name: "A partner", campaigns }));
  return id;
}

async function newEndpoint(partner: string, types?: readonly string[]): Promise<{ endpoint: string; system: PartnerSystem }> {
  made += 1;
  const url = `https://partner-${made}.example.com/hooks`;
  const system = new PartnerSystem();
  systems.set(url, system);
  const body = types === undefined ? { url } : { url, types };
  const { endpoint, secret } = await answerOf<{ endpoint: string; secret: string }>(
    await admin("POST", `/partners/${partner}/endpoints`, body),
    201,
  );
  system.secret = secret;
  return { endpoint, system };
}

/** Draws cards, scratches and redeems them. */
async function play(campaign: string, ...requests: readonly string[]): Promise<string[]> {
  const snapshot = await campaignSnapshot(env, campaign);
  if (snapshot === null) throw new Error("no such campaign");
  const draws = requests.map((requestId) => ({ requestId, recipient: null, lineUserId: null, metadata: null }));
  const results = await drawCards(env, snapshot, draws);
  const cardIds = results.map((result) => ("cardId" in result ? result.cardId : ""));
  for (const cardId of cardIds) {
    const place = locateCard(env, campaign, cardId);
    await cardIssuer(env, place).reveal({ ...place, lineUserId: "Ualice", trail: null });
    await cardIssuer(env, place).redeem({ ...place, lineUserId: "Ualice" });
  }
  return cardIds;
}

async function reportOf(partner: string, endpoint: string): Promise<EndpointReport> {
  const { endpoints } = await answerOf<{ endpoints: { endpoint: string; deliveries: EndpointReport }[] }>(
    await admin("GET", `/partners/${partner}/endpoints`),
  );
  const found = endpoints.find((one) => one.endpoint === endpoint);
  if (found === undefined) throw new Error("no such endpoint");
  return found.deliveries;
}

/** An event settles within two seconds, and most of these await some. */
const patience = { timeout: 120_000, interval: 50 };
const settled = (assert: () => void | Promise<void>) => vi.waitFor(assert, patience);

describe("a partner's endpoint", () => {
  it("is told of its cards, signed, each event once, with rising order numbers", async () => {
    const campaign = await openedCampaign({ coupon: 50 });
    const { endpoint, system } = await newEndpoint(await newPartner(campaign));
    const cardIds = await play(campaign, "a", "b", "c");
    await settled(() => expect(system.heard).toHaveLength(9));
    for (const cardId of cardIds) {
      const events = system.of(cardId).sort((a, b) => a.data.order - b.data.order);
      expect(events.map(({ type }) => type)).toEqual(["card.revealed", "card.redeemed", "reward.granted"]);
      expect(events.every(({ data }) => data.prize === "coupon" && data.campaign === campaign)).toBe(true);
    }
    expect(new Set(system.heard.map(({ id }) => id)).size).toBe(9);
    expect(system.unverified).toBe(0);
    await settled(async () =>
      expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({ waiting: 0, delivered: 9, missed: null }),
    );
    expect((await webhookEndpoint(env, endpoint).deliveries("delivered", 5)).map(({ answer }) => answer)).toEqual(
      Array.from({ length: 5 }, () => "answered 204"),
    );
  });

  it("is told only of what it asked for, and only of campaigns that its partner may see", async () => {
    const [own, foreign] = [await openedCampaign({ coupon: 5 }), await openedCampaign({ coupon: 5 })];
    const partner = await newPartner(own);
    const [{ system: all }, { system: some }] = [await newEndpoint(partner), await newEndpoint(partner, ["card.redeemed"])];
    const { system: other } = await newEndpoint(await newPartner(foreign), ["card.redeemed"]);
    const [ownCard = ""] = await play(own, "a");
    const [foreignCard = ""] = await play(foreign, "a");
    await settled(() => {
      expect(all.heard).toHaveLength(3);
      expect(some.heard).toHaveLength(1);
      expect(other.heard).toHaveLength(1);
    });
    expect(some.heard).toMatchObject([{ type: "card.redeemed", data: { cardId: ownCard } }]);
    expect(other.heard).toMatchObject([{ type: "card.redeemed", data: { cardId: foreignCard } }]);
  });

  it("is told when another system has granted a reward or refused it, also by a replay", async () => {
    const campaign = await openedCampaign({ points: 5 });
    const partner = await newPartner(campaign);
    const { system } = await newEndpoint(partner);
    const [granted = ""] = await play(campaign, "granted");
    await settled(() => expect(system.of(granted).map(({ type }) => type)).toContain("reward.granted"));
    points = () => new Response(null, { status: 400 });
    const [failed = ""] = await play(campaign, "failed");
    await settled(() => expect(system.of(failed).map(({ type }) => type)).toContain("reward.failed"));
    const rewards = (heard: readonly Heard[]) =>
      heard.filter(({ type }) => type.startsWith("reward.")).sort((a, b) => a.data.order - b.data.order);
    expect(rewards(system.heard)).toMatchObject([
      { id: `evt_${failed}_3001`, type: "reward.failed", data: { campaign, cardId: failed, order: 3_001, prize: "points" } },
      { id: `evt_${granted}_3999`, type: "reward.granted", data: { campaign, cardId: granted, order: 3_999, prize: "points" } },
    ]);

    const late = await newEndpoint(partner);
    const [from, to] = [new Date(Date.now() - 600_000).toISOString(), new Date(Date.now() + 1_000).toISOString()];
    await answerOf(await admin("POST", `/partners/${partner}/endpoints/${late.endpoint}/replay`, { campaign, from, to }), 202);
    await settled(() => expect(rewards(late.system.heard)).toEqual(rewards(system.heard)));
  });

  it("costs campaigns that nobody listens to nothing: not a row, not a message", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    await play(campaign, "a");
    const settledBlocks = () => env.LEDGER.prepare("SELECT count(*) AS n FROM blocks WHERE campaign = ?").bind(campaign).first<number>("n");
    await settled(async () => expect(await settledBlocks()).toBeGreaterThan(0));
    const rows = await env.LEDGER.prepare("SELECT count(*) AS n FROM partner_feed WHERE campaign = ?").bind(campaign).first<number>("n");
    expect(rows).toBe(0);
  });

  it("gets everything when it is back, while another is not held up", async () => {
    const campaign = await openedCampaign({ coupon: 50 });
    const partner = await newPartner(campaign);
    const [down, up] = [await newEndpoint(partner), await newEndpoint(partner)];
    down.system.answer = () => new Response(null, { status: 500 });
    const cardIds = await play(campaign, "a", "b", "c", "d");
    await settled(() => expect(up.system.heard).toHaveLength(12));
    await settled(async () => expect(await reportOf(partner, down.endpoint)).toMatchObject({ state: "resting", delivered: 0 }));

    down.system.answer = () => new Response(null, { status: 200 });
    down.system.heard.length = 0;
    const pinged = await answerOf(await admin("POST", `/partners/${partner}/endpoints/${down.endpoint}/ping`));
    expect(pinged).toMatchObject({ httpStatus: 200 });
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
    try {
      await settled(async () => {
        await runDurableObjectAlarm(env.WEBHOOK_ENDPOINT.getByName(down.endpoint));
        expect(await webhookEndpoint(env, down.endpoint).report()).toMatchObject({ state: "well", waiting: 0, retrying: 0, delivered: 12 });
      });
    } finally {
      vi.useRealTimers();
    }
    for (const cardId of cardIds) expect(down.system.of(cardId)).toHaveLength(3);
    expect(down.system.heard.filter(({ type }) => type === "endpoint.ping")).toHaveLength(1);
  });

  it("is left alone for as long as it asks, is not followed elsewhere, and not waited for without end", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const partner = await newPartner(campaign);
    const { endpoint, system } = await newEndpoint(partner, ["card.redeemed"]);
    system.answer = () => new Response(null, { status: 429, headers: { "retry-after": "3600" } });
    await play(campaign, "a");
    await settled(async () => expect(await reportOf(partner, endpoint)).toMatchObject({ state: "resting", retrying: 1 }));
    const { restsUntilMs } = await webhookEndpoint(env, endpoint).report();
    expect(restsUntilMs).toBeGreaterThan(Date.now() + 3_500_000);

    const inits: RequestInit[] = [];
    system.answer = (_heard, init) => {
      inits.push(init);
      return new Response(null, { status: 302, headers: { location: "https://elsewhere.example.com/" } });
    };
    const ping = await answerOf(await admin("POST", `/partners/${partner}/endpoints/${endpoint}/ping`));
    expect(ping).toMatchObject({ httpStatus: 302 });
    expect(inits).toMatchObject([{ redirect: "manual", signal: expect.any(AbortSignal) }]);
  });

  it("that answers 410 is told nothing more, and the ledger says why", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const partner = await newPartner(campaign);
    const { endpoint, system } = await newEndpoint(partner, ["card.redeemed"]);
    system.answer = () => new Response(null, { status: 410 });
    await play(campaign, "a");
    await settled(async () => expect(await reportOf(partner, endpoint)).toMatchObject({ state: "disabled", waiting: 0, retrying: 0 }));
    await play(campaign, "b");
    await settled(async () => {
      const { endpoints } = await answerOf<{ endpoints: object[] }>(await admin("GET", `/partners/${partner}/endpoints`));
      expect(endpoints).toMatchObject([{ endpoint, disabledBy: "gone" }]);
    });
    expect(system.heard).toHaveLength(1);
    expect(await problemOf(await admin("POST", `/partners/${partner}/endpoints/${endpoint}/ping`))).toBe("endpoint_disabled");
  });

  it("is told of the stock once when it runs low, and once when it is gone", async () => {
    const campaign = await openedCampaign({ coupon: 10 });
    const { system } = await newEndpoint(await newPartner(campaign), ["stock.low", "stock.sold_out"]);
    const issued = async (count: number) =>
      settled(async () => {
        const query = env.LEDGER.prepare("SELECT sum(count) AS n FROM minute_counters WHERE campaign = ? AND type = 'issued'");
        expect(await query.bind(campaign).first<number>("n")).toBe(count);
      });
    const requests = (first: number, last: number) => Array.from({ length: last - first }, (_, i) => `r${first + i}`);
    await play(campaign, ...requests(0, 5));
    await issued(5);
    await watchStock(env);
    await play(campaign, ...requests(5, 9));
    await issued(9);
    await watchStock(env);
    await watchStock(env);
    await settled(() => expect(system.heard).toHaveLength(1));
    await play(campaign, "last");
    await issued(10);
    await watchStock(env);
    await settled(() => expect(system.heard).toHaveLength(2));
    expect(system.heard).toMatchObject([
      { type: "stock.low", data: { campaign, prize: "coupon", remaining: 1, loaded: 10 } },
      { type: "stock.sold_out", data: { campaign, prize: "coupon", remaining: 0 } },
    ]);
  });
});

describe("a feed", () => {
  const feedsOf = async (campaign: string) => {
    const { results } = await env.LEDGER.prepare("SELECT feed FROM partner_feed WHERE campaign = ?").bind(campaign).all<{ feed: number }>();
    return results.map(({ feed }) => feed);
  };

  it("that the queue lost is found by the sweep; one that it doubles and reorders is told once", async () => {
    const campaign = await openedCampaign({ coupon: 50 });
    const { endpoint, system } = await newEndpoint(await newPartner(campaign));
    const lost = vi.spyOn(env.PARTNER_EVENTS, "sendBatch").mockRejectedValue(new Error("the queue is away"));
    const cardIds = await play(campaign, "a", "b", "c", "d", "e", "f");
    await settled(async () => {
      const rows = env.LEDGER.prepare("SELECT count(*) AS n FROM rewards WHERE campaign = ?").bind(campaign);
      expect(await rows.first<number>("n")).toBe(6);
    });
    lost.mockRestore();
    const feeds = await feedsOf(campaign);
    expect(feeds.length).toBeGreaterThan(0);
    expect(system.heard).toEqual([]);

    expect(await sweepFeeds(env, Date.now() + 180_000)).toBeGreaterThanOrEqual(feeds.length);
    const messages = [...feeds.toReversed(), ...feeds].map((feed, i) => ({
      id: String(i),
      timestamp: new Date(0),
      attempts: 1,
      body: { feeds: [feed, ...feeds].slice(0, 20) },
    }));
    await Promise.all(messages.map((message) => consumePartnerEvents(createMessageBatch("partner-events", [message]), env)));
    await settled(async () => expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({ waiting: 0, delivered: 18 }));
    for (const cardId of cardIds) expect(system.of(cardId)).toHaveLength(3);
    await settled(async () => expect(await feedsOf(campaign)).toEqual([]));
  });

  it("is replayed from the lake, under the same ids and with the same content, within the time asked for", async () => {
    const campaign = await openedCampaign({ coupon: 50 });
    const partner = await newPartner(campaign);
    const { system } = await newEndpoint(partner);
    await play(campaign, "a", "b", "c");
    await settled(() => expect(system.heard).toHaveLength(9));

    const late = await newEndpoint(partner, ["card.revealed", "reward.granted"]);
    const path = `/partners/${partner}/endpoints/${late.endpoint}/replay`;
    const at = (ms: number) => new Date(ms).toISOString();
    const range = { campaign, from: at(Date.now() - 600_000), to: at(Date.now() + 1_000) };
    await answerOf(await admin("POST", path, { ...range, from: at(Date.now() - 1_200_000), to: range.from }), 202);
    await answerOf(await admin("POST", path, range), 202);
    const ids = (heard: readonly Heard[]) => heard.map(({ id }) => id).sort();
    await settled(() => expect(ids(late.system.heard)).toEqual(ids(system.heard.filter(({ type }) => type !== "card.redeemed"))));
    await settled(async () => expect(await feedsOf(campaign)).toEqual([]));

    const other = await openedCampaign({ coupon: 5 });
    expect(await problemOf(await admin("POST", path, { ...range, campaign: other }))).toBe("campaign_not_found");
    expect(await problemOf(await admin("POST", path, { ...range, to: range.from }))).toBe("invalid_request");
  });
});

describe("an endpoint's object", () => {
  const event = (i: number): OutgoingEvent => ({
    id: `evt_${i}`,
    type: "card.revealed",
    at: Date.now(),
    body: JSON.stringify({ type: "card.revealed", data: { order: i } }),
  });

  async function addressed(): Promise<{ endpoint: string; system: PartnerSystem; address: EndpointAddress }> {
    const { endpoint, system } = await newEndpoint(await newPartner());
    const row = await env.LEDGER.prepare("SELECT endpoint, url, sealed FROM webhook_endpoints WHERE endpoint = ?")
      .bind(endpoint)
      .first<EndpointAddress>();
    if (row === null) throw new Error("no such endpoint");
    return { endpoint, system, address: row };
  }

  it("takes up its work again after it had none for long", async () => {
    const { endpoint, system, address } = await addressed();
    await webhookEndpoint(env, endpoint).hear(address, [{ source: "1", events: [event(1)] }]);
    await settled(() => expect(system.heard).toHaveLength(1));
    await settled(async () => expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({ delivered: 1 }));
    vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ["Date"] });
    try {
      await webhookEndpoint(env, endpoint).hear(address, [{ source: "2", events: [event(2)] }]);
      expect(await runDurableObjectAlarm(env.WEBHOOK_ENDPOINT.getByName(endpoint))).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    await settled(async () => expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({ waiting: 0, delivered: 2 }));
  });

  it("gives up after days what it could not deliver, says of which time it is, and goes on with what is new", async () => {
    const { endpoint, system, address } = await addressed();
    system.answer = () => new Response(null, { status: 500 });
    const events = Array.from({ length: 40 }, (_, i) => ({ ...event(i), at: 1_000 + i }));
    await webhookEndpoint(env, endpoint).hear(address, [{ source: "1", events }]);
    await settled(async () => expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({ state: "resting" }));
    await evictDurableObject(env.WEBHOOK_ENDPOINT.getByName(endpoint));
    system.answer = () => new Response(null);
    system.heard.length = 0;
    vi.useFakeTimers({ now: Date.now() + 5 * 86_400_000, toFake: ["Date"] });
    try {
      await webhookEndpoint(env, endpoint).hear(address, [{ source: "2", events: [event(100)] }]);
      await runDurableObjectAlarm(env.WEBHOOK_ENDPOINT.getByName(endpoint));
    } finally {
      vi.useRealTimers();
    }
    expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({
      state: "well",
      waiting: 0,
      retrying: 0,
      delivered: 1,
      missed: { events: 40, firstAtMs: 1_000, lastAtMs: 1_039 },
    });
    expect(system.heard.map(({ id }) => id)).toEqual(["evt_100"]);
  });

  it("loses nothing when it is aborted amid deliveries, or evicted", async () => {
    const { endpoint, system, address } = await addressed();
    const events = Array.from({ length: 100 }, (_, i) => event(i));
    let calls = 0;
    system.answer = () => {
      calls += 1;
      return calls > 40 ? new Promise<Response>(() => {}) : new Response(null);
    };
    await webhookEndpoint(env, endpoint).hear(address, [{ source: "1", events }]);
    await settled(() => expect(calls).toBeGreaterThan(40));
    await abortAllDurableObjects();

    system.answer = () => new Response(null);
    expect(await webhookEndpoint(env, endpoint).hear(address, [{ source: "1", events }])).toMatchObject({ status: "heard" });
    await evictDurableObject(env.WEBHOOK_ENDPOINT.getByName(endpoint));
    await settled(async () => {
      await runDurableObjectAlarm(env.WEBHOOK_ENDPOINT.getByName(endpoint));
      expect(await webhookEndpoint(env, endpoint).report()).toMatchObject({ waiting: 0, retrying: 0 });
    });
    expect(new Set(system.heard.map(({ id }) => id)).size).toBe(100);
  });
});

describe("the admin API", () => {
  it("shows an endpoint's secret once, keeps it sealed, and refuses addresses within a network", async () => {
    const partner = await newPartner();
    const { endpoint, system } = await newEndpoint(partner);
    expect(system.secret).toMatch(/^whsec_/);
    const kept = await env.LEDGER.prepare("SELECT sealed FROM webhook_endpoints WHERE endpoint = ?").bind(endpoint).first<string>("sealed");
    const shown = [
      kept,
      await (await admin("GET", `/partners/${partner}/endpoints`)).text(),
      await (await admin("GET", "/audit?limit=200")).text(),
    ];
    for (const text of shown) expect(text).not.toContain(system.secret.slice("whsec_".length));
    expect(shown.slice(1).join("")).not.toContain(kept);
    for (const url of ["https://10.0.0.1/", "http://partner.example.com/", "https://printer.local/"]) {
      expect(await problemOf(await admin("POST", `/partners/${partner}/endpoints`, { url }))).toBe("invalid_request");
    }
    expect(await problemOf(await admin("POST", "/partners/nobody/endpoints", { url: "https://a.example.com/" }))).toBe("partner_not_found");
  });

  it("knows an endpoint only under its own partner, disables it for good, and bounds how many there are", async () => {
    const [partner, other] = [await newPartner(), await newPartner()];
    const { endpoint } = await newEndpoint(partner);
    for (const [method, path] of [
      ["DELETE", ""],
      ["POST", "/ping"],
      ["GET", "/deliveries"],
    ] as const) {
      expect(await problemOf(await admin(method, `/partners/${other}/endpoints/${endpoint}${path}`))).toBe("endpoint_not_found");
    }
    const disabled = await answerOf(await admin("DELETE", `/partners/${partner}/endpoints/${endpoint}`));
    expect(disabled).toMatchObject({ endpoint, disabledBy: "operator" });
    expect(await answerOf(await admin("DELETE", `/partners/${partner}/endpoints/${endpoint}`))).toEqual(disabled);
    for (let i = 0; i < 5; i++) await newEndpoint(partner);
    expect(await problemOf(await admin("POST", `/partners/${partner}/endpoints`, { url: "https://a.example.com/" }))).toBe(
      "too_many_endpoints",
    );
  });
});
