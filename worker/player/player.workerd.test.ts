import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Draw } from "../../durable-objects/protocol.ts";
import { aroundLedger } from "../../test/workerd/around.ts";
import { app } from "../app.ts";
import { campaignSnapshot } from "../campaign/snapshot.ts";
import { drawCards } from "../cards/draw-cards.ts";
import { answerOf, call, idToken, openedCampaign, ORIGIN, problemOf, publishedCampaign, standInPlatforms } from "../edge.fixture.ts";
import type { Platforms } from "../edge.fixture.ts";
import { forge } from "../tokens.fixture.ts";

let platforms: Platforms;
beforeAll(async () => {
  platforms = await standInPlatforms();
});

let users = 0;
function newUser(): string {
  users += 1;
  return `U${String(users).padStart(32, "0")}`;
}

interface Opened {
  readonly session: string;
  readonly user: object;
  readonly card?: Readonly<Record<string, unknown>>;
}

/** A user with a session: what their page can call. */
async function signIn(campaign: string, sub = newUser()) {
  const token = await idToken(platforms, sub);
  const { session } = await answerOf<Opened>(await call("/player/v1/session", { method: "POST", body: { campaign, idToken: token } }));
  const headers = { authorization: `Bearer ${session}` };
  const base = `/player/v1/campaigns/${campaign}`;
  return {
    sub,
    headers,
    get: (path: string) => call(`${base}${path}`, { headers }),
    post: (path: string, body?: unknown, more = {}) => call(`${base}${path}`, { method: "POST", headers: { ...headers, ...more }, body }),
  };
}

let requests = 0;
/** A card drawn for nobody, or as told. */
async function newCard(campaign: string, over: Partial<Draw> = {}): Promise<string> {
  requests += 1;
  const snapshot = await campaignSnapshot(env, campaign);
  if (snapshot === null) throw new Error(`no campaign ${campaign}`);
  const [result] = await drawCards(env, snapshot, [
    { requestId: `request-${requests}`, recipient: null, lineUserId: null, metadata: null, ...over },
  ]);
  if (result === undefined || !("cardId" in result)) throw new Error(`the draw was ${result?.status}`);
  return result.cardId;
}

function changed(cardId: string, at: number): string {
  return `${cardId.slice(0, at)}${cardId[at] === "A" ? "B" : "A"}${cardId.slice(at + 1)}`;
}

describe("POST session", () => {
  it("exchanges a LINE ID token for a session, and opens a card with the same call", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const cardId = await newCard(campaign);
    const body = { campaign, idToken: await idToken(platforms, newUser()), cardId };
    const opened = await answerOf<Opened>(await call("/player/v1/session", { method: "POST", body }));
    expect(opened.user).toEqual({ name: "Mei" });
    expect(opened.card).toEqual(await answerOf(await call(`/player/v1/campaigns/${campaign}`)));
  });

  it("refuses forged, expired, unsigned and foreign tokens", async () => {
    const campaign = await publishedCampaign();
    const right = await idToken(platforms, newUser());
    const [header, claims] = right.split(".");
    const tokens = [
      await idToken(platforms, newUser(), { exp: Math.floor(Date.now() / 1000) - 1 }),
      await idToken(platforms, newUser(), { aud: "2000000001" }),
      await idToken(platforms, newUser(), { iss: "https://evil.example" }),
      forge({ alg: "none", kid: "key-1" }, { sub: newUser() }),
      `${header}.${claims}.${"A".repeat(86)}`,
      "nonsense",
    ];
    for (const token of tokens) {
      const answer = await call("/player/v1/session", { method: "POST", body: { campaign, idToken: token } });
      expect(await problemOf(answer)).toBe("line_token_invalid");
    }
  });

  it("refuses an unknown campaign, a forged card, and a body that is not as it should be", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const cardId = await newCard(campaign);
    const token = await idToken(platforms, newUser());
    const open = async (body: unknown) => problemOf(await call("/player/v1/session", { method: "POST", body }));
    expect(await open({ campaign: "nowhere", idToken: token })).toBe("campaign_not_found");
    expect(await open({ campaign, idToken: token, cardId: changed(cardId, 20) })).toBe("card_not_found");
    expect(await open({ campaign, idToken: token, admin: true })).toBe("invalid_request");
    expect(await open({ campaign })).toBe("invalid_request");
    expect(await open("{")).toBe("invalid_request");
    expect(await open("")).toBe("invalid_request");
    expect(await open(`"${"x".repeat(16 * 1024)}"`)).toBe("body_too_large");
    const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "campaign=x" };
    expect(await problemOf(await call("/player/v1/session", form))).toBe("unsupported_media_type");
  });

  it("asks to come again while LINE's keys cannot be had, and who has a session goes on", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const user = await signIn(campaign);
    const cardId = await newCard(campaign, { lineUserId: user.sub });
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const house = { ...env, LINE_CERTS_URL: "https://line.is.down/certs" };
    const ask = (path: string, init: RequestInit) => app.request(`/player/v1${path}`, init, house, createExecutionContext());
    const body = JSON.stringify({ campaign, idToken: await idToken(platforms, user.sub) });
    const refused = await ask("/session", { method: "POST", body, headers: { "content-type": "application/json" } });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect(await problemOf(refused)).toBe("overloaded");
    const revealed = await ask(`/campaigns/${campaign}/cards/${cardId}/reveal`, { method: "POST", headers: user.headers });
    expect(await answerOf(revealed)).toMatchObject({ state: "revealed" });
    log.mockRestore();
  });

  it("shows a card's face by the short way as by the long one, and refuses alike", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const other = await openedCampaign({ coupon: 5 });
    const [user, stranger] = [await signIn(campaign), await signIn(other)];
    const cardId = await newCard(campaign);
    const asked = [
      [campaign, cardId, user.headers],
      [campaign, cardId, {}],
      [campaign, cardId, { authorization: "Bearer x.y.z" }],
      [campaign, cardId, stranger.headers],
      [campaign, changed(cardId, 30), user.headers],
      [campaign, await newCard(other), user.headers],
      [other, cardId, stranger.headers],
      ["no-such-campaign", cardId, user.headers],
      [campaign, "AQAB", user.headers],
    ] as const;
    for (const [of, card, headers] of asked) {
      const path = `/player/v1/campaigns/${of}/cards/${card}`;
      const long = await app.request(path, { headers }, env, createExecutionContext());
      const told = [long.status, long.headers.get("content-type"), await long.text()];
      for (let again = 0; again < 2; again++) {
        const short = await call(path, { headers });
        expect([short.status, short.headers.get("content-type"), await short.text()]).toEqual(told);
      }
    }
  });

  it("holds back a user who calls and calls", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const user = await signIn(campaign);
    const cardId = await newCard(campaign);
    const statuses = new Set<number>();
    for (let asked = 0; asked < 200; asked++) statuses.add((await user.get(`/cards/${cardId}`)).status);
    expect(statuses).toEqual(new Set([200, 429]));
    expect((await (await signIn(campaign)).get(`/cards/${cardId}`)).status).toBe(200);
  });

  it("holds back a flood from one address, but not the developer's own machine", async () => {
    const campaign = await publishedCampaign();
    const token = await idToken(platforms, newUser());
    const open = (address: string) =>
      call("/player/v1/session", { method: "POST", headers: { "cf-connecting-ip": address }, body: { campaign, idToken: token } });
    const floodAndOpen = async () => {
      await Promise.all(Array.from({ length: 1_000 }, () => env.SESSION_LIMIT.limit({ key: "address:203.0.113.9" })));
      return open("203.0.113.9");
    };
    // The allowance is renewed every ten seconds: a flood across that moment is begun again.
    let refused = await floodAndOpen();
    for (let again = 0; refused.status !== 429 && again < 3; again++) refused = await floodAndOpen();
    expect(await problemOf(refused)).toBe("rate_limited");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await open("127.0.0.1")).status).toBe(200);
  });
});

describe("without a session", () => {
  it("anybody sees a campaign and its commitments", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const face = await call(`/player/v1/campaigns/${campaign}`);
    expect(face.headers.get("cache-control")).toMatch(/public, max-age=\d+/);
    expect(await answerOf(face)).toMatchObject({ campaign, prizes: [{ id: "coupon" }, { id: "points" }, { id: "thanks" }] });
    const fairness = await answerOf<{ segments: object[] }>(await call(`/player/v1/campaigns/${campaign}/fairness`));
    const hash: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(fairness.segments).toEqual([{ segment: "first.csv", size: 5, decks: 1, commitment: hash, roots: [{ deck: 0, root: hash }] }]);
    expect(await problemOf(await call("/player/v1/campaigns/nowhere"))).toBe("campaign_not_found");
  });

  it("nobody sees or does anything else", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const card = `/player/v1/campaigns/${campaign}/cards/${await newCard(campaign)}`;
    const other = await signIn(await publishedCampaign());
    for (const headers of [{}, { authorization: "Basic eA==" }, { authorization: "Bearer x.y.z" }, other.headers]) {
      expect(await problemOf(await call(card, { headers }))).toBe("session_invalid");
      for (const verb of ["reveal", "redeem"]) {
        expect(await problemOf(await call(`${card}/${verb}`, { method: "POST", headers }))).toBe("session_invalid");
      }
    }
  });
});

describe("a card", () => {
  it("is faced, revealed with its trail, redeemed, and the same again", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const cardId = await newCard(campaign);
    const user = await signIn(campaign);
    const face = await answerOf<object>(await user.get(`/cards/${cardId}`));
    expect(face).toEqual(await answerOf(await call(`/player/v1/campaigns/${campaign}`)));
    expect(await problemOf(await user.post(`/cards/${cardId}/redeem`))).toBe("not_revealed");
    const trail = [
      [100, 0],
      [900.5, 61.25],
    ];
    const place = { segment: "first.csv", position: expect.any(Number) as number };
    const revealed = { state: "revealed", prize: { id: "coupon", kind: "coupon", name: { en: "Coupon" } }, place };
    expect(await problemOf(await user.get(`/cards/${cardId}/proof`))).toBe("card_not_found");
    expect(await answerOf(await user.post(`/cards/${cardId}/reveal`, { trail }))).toEqual(revealed);
    expect(await answerOf(await user.post(`/cards/${cardId}/reveal`))).toEqual(revealed);
    expect(await problemOf(await user.get(`/cards/${cardId}/reward`))).toBe("not_redeemed");
    const reward = { status: "granted", coupon: cardId };
    expect(await answerOf(await user.post(`/cards/${cardId}/redeem`))).toEqual({ state: "redeemed", reward });
    expect(await answerOf(await user.post(`/cards/${cardId}/redeem`))).toEqual({ state: "redeemed", reward });
    expect(await answerOf(await user.post(`/cards/${cardId}/reveal`))).toEqual({ ...revealed, state: "redeemed", reward });
    expect(await answerOf(await user.get(`/cards/${cardId}/reward`))).toEqual(reward);
  });

  it("is proven to its owner once it is revealed", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const owner = await signIn(campaign);
    const cardId = await newCard(campaign, { lineUserId: owner.sub });
    expect(await problemOf(await owner.get(`/cards/${cardId}/proof`))).toBe("not_revealed");
    const { place } = await answerOf<{ place: { position: number } }>(await owner.post(`/cards/${cardId}/reveal`));
    const { segments } = await answerOf<{ segments: { commitment: string; roots: { root: string }[] }[] }>(
      await call(`/player/v1/campaigns/${campaign}/fairness`),
    );
    expect(await answerOf(await owner.get(`/cards/${cardId}/proof`))).toMatchObject({
      campaign,
      cardId,
      prize: "coupon",
      place,
      commitment: segments[0]?.commitment,
      inclusion: {
        deck: 0,
        index: place.position,
        size: 5,
        root: segments[0]?.roots[0]?.root,
        salt: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
    expect(await problemOf(await (await signIn(campaign)).get(`/cards/${cardId}/proof`))).toBe("card_not_found");
  });

  it("redeems itself where the campaign says so", async () => {
    const campaign = await openedCampaign({ thanks: 5 }, { autoRedeem: true });
    const user = await signIn(campaign);
    expect(await answerOf(await user.post(`/cards/${await newCard(campaign)}/reveal`, {}))).toMatchObject({
      state: "redeemed",
      prize: { id: "thanks" },
      reward: { status: "none" },
    });
  });

  it("is pending where a provider has yet to grant it", async () => {
    const campaign = await openedCampaign({ points: 5 });
    const cardId = await newCard(campaign);
    const user = await signIn(campaign);
    await answerOf(await user.post(`/cards/${cardId}/reveal`));
    expect(await answerOf(await user.post(`/cards/${cardId}/redeem`))).toEqual({ state: "redeemed", reward: { status: "pending" } });
  });

  it.each<[string, () => Promise<never>]>([
    ["fails", () => Promise.reject(new Error("D1_ERROR: away"))],
    ["does not answer", () => new Promise(() => undefined)],
  ])("is redeemed and its reward pending while the ledger %s", async (_, around) => {
    const campaign = await openedCampaign({ points: 5 });
    const cardId = await newCard(campaign);
    const user = await signIn(campaign);
    await answerOf(await user.post(`/cards/${cardId}/reveal`));
    await answerOf(await user.post(`/cards/${cardId}/redeem`));
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    // Sooner the ledger is not asked.
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now + 5_000);
    const house = { ...env, LEDGER: aroundLedger(env.LEDGER, around) };
    const ask = async (method: string, verb: string) => {
      const request = new Request(`${ORIGIN}/player/v1/campaigns/${campaign}/cards/${cardId}/${verb}`, { method, headers: user.headers });
      return answerOf(await app.fetch(request, house, createExecutionContext()));
    };
    expect(await ask("POST", "redeem")).toEqual({ state: "redeemed", reward: { status: "pending" } });
    expect(await ask("GET", "reward")).toEqual({ status: "pending" });
    expect(log).toHaveBeenCalledTimes(2);
    clock.mockRestore();
    log.mockRestore();
  });

  it("of somebody else, a forged one and a missing one get the same answer", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const [owner, other] = [await signIn(campaign), await signIn(campaign)];
    const cardId = await newCard(campaign, { lineUserId: owner.sub });
    const answers = [];
    for (const id of [cardId, changed(cardId, 0), changed(cardId, 15), changed(cardId, 31), "x"]) {
      for (const verb of ["reveal", "redeem"]) answers.push(await (await other.post(`/cards/${id}/${verb}`)).text());
      answers.push(await (await other.get(`/cards/${id}/reward`)).text());
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"code":"card_not_found"');
    await answerOf(await owner.post(`/cards/${cardId}/reveal`));
  });

  it("has one owner and one reward when two users reveal and redeem it many times at once", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const cardId = await newCard(campaign);
    const rivals = [await signIn(campaign), await signIn(campaign)];
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const user = rivals[i % 2];
        const reveal = await user?.post(`/cards/${cardId}/reveal`);
        await reveal?.text();
        const redeem = await user?.post(`/cards/${cardId}/redeem`);
        return { user: i % 2, status: redeem?.status, text: await redeem?.text() };
      }),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(new Set(won.map(({ user }) => user)).size).toBe(1);
    expect(new Set(won.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(25);
  });

  it("takes a trail of at most 32 points, each of two numbers in their range", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const cardId = await newCard(campaign);
    const user = await signIn(campaign);
    const trails = [Array.from({ length: 33 }, (_, i) => [i, 1]), [[1]], [[1, 2, 3]], [[-1, 2]], [[1, 101]], [["1", 2]], "trail"];
    for (const trail of trails) expect(await problemOf(await user.post(`/cards/${cardId}/reveal`, { trail }))).toBe("invalid_request");
    expect(await problemOf(await user.post(`/cards/${cardId}/reveal`, { prize: "coupon" }))).toBe("invalid_request");
    expect(await problemOf(await user.post(`/cards/${cardId}/redeem`))).toBe("not_revealed");
  });
});

describe("own cards", () => {
  it("are listed once settled, with the prize of the revealed ones only", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const user = await signIn(campaign);
    const [waiting, revealed] = [await newCard(campaign, { lineUserId: user.sub }), await newCard(campaign, { lineUserId: user.sub })];
    await answerOf(await user.post(`/cards/${revealed}/reveal`));
    await vi.waitFor(
      async () => {
        const { cards } = await answerOf<{ cards: { cardId: string; prize?: object }[] }>(await user.get("/cards"));
        expect(cards.map(({ cardId }) => cardId).sort()).toEqual([waiting, revealed].sort());
        expect(cards.find(({ cardId }) => cardId === waiting)).not.toHaveProperty("prize");
        expect(cards.find(({ cardId }) => cardId === revealed)).toMatchObject({ state: "revealed", prize: { id: "coupon" } });
      },
      { timeout: 120_000, interval: 200 },
    );
    const page = await answerOf<{ cards: object[]; next: string }>(await user.get("/cards?limit=1"));
    expect(page.cards).toHaveLength(1);
    expect((await answerOf<{ cards: object[]; next: null }>(await user.get(`/cards?limit=1&cursor=${page.next}`))).next).toBeNull();
    expect(await problemOf(await user.get("/cards?limit=1000"))).toBe("invalid_request");
    expect(await problemOf(await user.get("/cards?owner=all"))).toBe("invalid_request");
  });
});

describe("POST play", () => {
  it("draws a card of one's own, the same for the same key, within one's limits", async () => {
    const campaign = await openedCampaign({ coupon: 5 }, { selfService: true, limits: { perRecipient: 2 } });
    const [user, other] = [await signIn(campaign), await signIn(campaign)];
    const play = async (who: typeof user, key: string) =>
      answerOf<{ status: string; cardId?: string }>(await who.post("/play", undefined, { "idempotency-key": key }));
    const first = await play(user, "k1");
    expect(first.status).toBe("issued");
    expect(await play(user, "k1")).toMatchObject({ status: "replayed", cardId: first.cardId });
    expect((await play(user, "k2")).status).toBe("issued");
    expect((await play(user, "k3")).status).toBe("limit_reached");
    expect((await play(other, "k1")).cardId).not.toBe(first.cardId);
    expect(await problemOf(await other.post(`/cards/${first.cardId}/reveal`))).toBe("card_not_found");
    await answerOf(await user.post(`/cards/${first.cardId}/reveal`));
  });

  it("is refused without a key, and where the campaign does not allow it", async () => {
    const allowed = await signIn(await openedCampaign({ coupon: 5 }, { selfService: true }));
    expect(await problemOf(await allowed.post("/play"))).toBe("invalid_request");
    expect(await problemOf(await allowed.post("/play", undefined, { "idempotency-key": "x".repeat(65) }))).toBe("invalid_request");
    const forbidden = await signIn(await openedCampaign({ coupon: 5 }));
    expect(await problemOf(await forbidden.post("/play", undefined, { "idempotency-key": "k" }))).toBe("campaign_state");
  });
});
