import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { aroundBinding } from "../../test/workerd/around.ts";
import { app } from "../app.ts";
import { locateCard } from "../cards/card.ts";
import { readStock } from "../cards/stock.ts";
import { answerOf, openedCampaign, ORIGIN, problemOf, publishedCampaign } from "../edge.fixture.ts";
import { cardIssuer } from "../objects.ts";
import { settings } from "../settings.ts";
import { partnerKeyName } from "./keys.ts";
import type { PartnerKeyRecord } from "./keys.ts";
import { sealSecret } from "../../durable-objects/seal.ts";
import { ed25519Pair, hmacSigner, signed } from "./signing.fixture.ts";
import type { Signing } from "./signing.fixture.ts";

interface Answered {
  readonly results: { readonly requestId: string; readonly status: string; readonly cardId?: string; readonly url?: string }[];
}

const signings: Signing[] = [];

async function putKey(keyId: string, record: Omit<PartnerKeyRecord, "partner">) {
  await env.CONFIG.put(partnerKeyName(keyId), JSON.stringify({ partner: "demo", ...record }));
}

beforeAll(async () => {
  const { publicKey, signer } = await ed25519Pair();
  await putKey("demo-ed25519", { algorithm: "ed25519", material: publicKey.toString("base64"), campaigns: ["*"] });
  const secret = new Uint8Array(32).fill(5);
  const sealed = (keyId: string) => sealSecret(settings(env).PARTNER_KEY, keyId, secret);
  await putKey("demo-hmac", { algorithm: "hmac-sha256", material: await sealed("demo-hmac"), campaigns: ["*"] });
  await putKey("narrow-hmac", { algorithm: "hmac-sha256", material: await sealed("narrow-hmac"), campaigns: ["somewhere-else"] });
  signings.push({ keyId: "demo-ed25519", signer }, { keyId: "demo-hmac", signer: hmacSigner(secret) });
  signings.push({ keyId: "narrow-hmac", signer: hmacSigner(secret) });
});

function signingOf(keyId: string): Signing {
  const signing = signings.find((one) => one.keyId === keyId);
  if (signing === undefined) throw new Error(`no key ${keyId}`);
  return signing;
}

async function send(path: string, body?: unknown, keyId = "demo-hmac"): Promise<Response> {
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const init = text === undefined ? {} : { method: "POST", body: text };
  return SELF.fetch(await signed(`${ORIGIN}/partner/v1${path}`, init, signingOf(keyId)));
}

async function draw(campaign: string, ...draws: readonly object[]): Promise<Answered["results"]> {
  return (await answerOf<Answered>(await send(`/campaigns/${campaign}/draws`, { draws }))).results;
}

async function redeemedCard(campaign: string, requestId: string): Promise<string> {
  const [drawn] = await draw(campaign, { requestId });
  const cardId = drawn?.cardId ?? "";
  const place = { ...locateCard(env, campaign, cardId), lineUserId: "Ualice" };
  await cardIssuer(env, place).reveal({ ...place, trail: null });
  await cardIssuer(env, place).redeem(place);
  return cardId;
}

describe("POST draws", () => {
  it.each(["demo-ed25519", "demo-hmac"])("issues cards in the order asked, signed with %s", async (keyId) => {
    const campaign = await openedCampaign({ coupon: 30 });
    const draws = Array.from({ length: 20 }, (_, i) => ({ requestId: `r-${i}`, recipient: `m-${i % 7}` }));
    const { results } = await answerOf<Answered>(await send(`/campaigns/${campaign}/draws`, { draws }, keyId));
    expect(results.map(({ requestId }) => requestId)).toEqual(draws.map(({ requestId }) => requestId));
    expect(results.every(({ status }) => status === "issued")).toBe(true);
    expect(new Set(results.map(({ cardId }) => cardId)).size).toBe(20);
    expect(results[0]?.url).toBe(`${settings(env).PUBLIC_ORIGIN}/c/${campaign}/${results[0]?.cardId}`);
  });

  it("gives the same card to the same request, and says conflict to the same id with other content", async () => {
    const campaign = await openedCampaign({ coupon: 30 });
    const [first] = await draw(campaign, { requestId: "a", recipient: "m", metadata: { order: 1 } });
    const again = await draw(
      campaign,
      { requestId: "a", recipient: "m", metadata: { order: 1 } },
      { requestId: "a", recipient: "m", metadata: { order: 2 } },
      { requestId: "b", recipient: "m" },
      { requestId: "b", recipient: "n" },
    );
    expect(again.map(({ status }) => status)).toEqual(["replayed", "conflict", "issued", "issued"]);
    expect(again[0]?.cardId).toBe(first?.cardId);
  });

  it.each([1, 4])("takes the same id for another recipient as another draw, alone and in one call, with %i shards", async (shards) => {
    const campaign = await openedCampaign({ coupon: 30 }, { expectedPeakPerSecond: shards * 300 });
    const draws = Array.from({ length: 8 }, (_, n) => ({ requestId: "the-same", recipient: `member-${n}` }));
    const alone: unknown[] = [];
    for (const one of draws) alone.push(...(await draw(campaign, one)));
    expect(alone).toMatchObject(draws.map(() => ({ status: "issued" })));
    expect(await draw(campaign, ...draws)).toEqual(alone.map((result) => ({ ...(result as object), status: "replayed" })));
  });

  it("says not_open before the opening", async () => {
    const campaign = await publishedCampaign();
    expect(await draw(campaign, { requestId: "a" })).toEqual([{ requestId: "a", status: "not_open" }]);
  });

  it("counts a body that is drawn twice at once but once", async () => {
    const campaign = await openedCampaign({ coupon: 300 });
    const draws = Array.from({ length: 100 }, (_, i) => ({ requestId: `r-${i}` }));
    const [one, two] = await Promise.all([draw(campaign, ...draws), draw(campaign, ...draws)]);
    expect(one?.map(({ cardId }) => cardId)).toEqual(two?.map(({ cardId }) => cardId));
    expect(new Set(one?.map(({ cardId }) => cardId)).size).toBe(100);
  });

  it("refuses what is not signed, or not as it should be, and issues nothing", async () => {
    const campaign = await openedCampaign({ coupon: 30 });
    const path = `${ORIGIN}/partner/v1/campaigns/${campaign}/draws`;
    const init = { method: "POST", body: JSON.stringify({ draws: [{ requestId: "a" }] }) };
    const unsigned = new Request(path, { ...init, headers: { "content-type": "application/json" } });
    const stale = await signed(path, init, { ...signingOf("demo-hmac"), createdSeconds: Math.floor(Date.now() / 1000) - 301 });
    const unknown = await signed(path, init, { ...signingOf("demo-hmac"), keyId: "nobody" });
    const proper = await signed(path, init, signingOf("demo-hmac"));
    const spoiled = new Request(path, { ...init, headers: proper.headers, body: init.body.replace("a", "b") });
    for (const request of [unsigned, stale, unknown, spoiled]) expect(await problemOf(await SELF.fetch(request))).toBe("signature_invalid");
    expect((await draw(campaign, { requestId: "a" }))[0]?.status).toBe("issued");
  });

  it("answers a campaign of somebody else's as a missing one", async () => {
    const campaign = await openedCampaign({ coupon: 30 });
    const body = { draws: [{ requestId: "a" }] };
    expect(await problemOf(await send(`/campaigns/${campaign}/draws`, body, "narrow-hmac"))).toBe("campaign_not_found");
    expect(await problemOf(await send("/campaigns/nowhere/draws", body))).toBe("campaign_not_found");
    expect(await problemOf(await send("/campaigns/No%20Where/draws", body))).toBe("campaign_not_found");
  });

  it("names what is wrong with a body", async () => {
    const path = `/campaigns/${await publishedCampaign()}/draws`;
    expect(await problemOf(await send(path, '{"draws":'))).toBe("invalid_request");
    expect(await problemOf(await send(path, "[]"))).toBe("invalid_request");
    expect(await problemOf(await send(path, "x".repeat(1024 * 1024 + 1)))).toBe("body_too_large");
    const faulty = await send(path, { draws: [{ requestId: "a" }, { requestId: "b", lucky: true }] });
    expect(await answerOf(faulty, 400)).toMatchObject({
      code: "invalid_request",
      errors: [{ at: "draws[1].lucky", message: "unknown field" }],
    });
    const typed = await signed(`${ORIGIN}/partner/v1${path}`, { method: "POST", body: "{}" }, signingOf("demo-hmac"));
    typed.headers.set("content-type", "text/plain");
    expect(await problemOf(await SELF.fetch(typed))).toBe("unsupported_media_type");
  });
});

describe("without KV", () => {
  it.each<[string, () => Promise<never>]>([
    ["fails", () => Promise.reject(new Error("KV is down"))],
    ["does not answer", () => new Promise(() => undefined)],
  ])("a known partner draws on while it %s, and a revoked key is refused once it is back", async (_, around) => {
    const campaign = await openedCampaign({ coupon: 5 }, { endsAt: new Date(Date.now() + 86_400_000).toISOString() });
    const keyId = `spare-hmac-${campaign}`;
    const secret = new Uint8Array(32).fill(6);
    const material = await sealSecret(settings(env).PARTNER_KEY, keyId, secret);
    await putKey(keyId, { algorithm: "hmac-sha256", material, campaigns: ["*"] });
    const drawBy = async (requestId: string, house: Env) => {
      const body = JSON.stringify({ draws: [{ requestId }] });
      const request = await signed(
        `${ORIGIN}/partner/v1/campaigns/${campaign}/draws`,
        { method: "POST", body },
        { keyId, signer: hmacSigner(secret) },
      );
      return app.fetch(request, house, createExecutionContext());
    };
    const without = { ...env, CONFIG: aroundBinding(env.CONFIG, around) };
    const now = Date.now.bind(Date);
    let aheadMs = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
    const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const issued = { results: [{ status: "issued" }] };
    expect(await answerOf(await drawBy("a", env))).toMatchObject(issued);
    aheadMs += 60_000;
    // Whoever reads anew may wait for it; the others do not.
    void drawBy("b", without);
    void drawBy("c", without);
    expect(await answerOf(await drawBy("d", without))).toMatchObject(issued);
    await env.CONFIG.delete(partnerKeyName(keyId));
    aheadMs += 60_000;
    expect(await problemOf(await drawBy("e", env))).toBe("signature_invalid");
    clock.mockRestore();
    log.mockRestore();
  });
});

describe("GET cards", () => {
  it("tells how far a card is, but not its prize before it is revealed", async () => {
    const campaign = await openedCampaign({ coupon: 30 });
    const [drawn] = await draw(campaign, { requestId: "a", recipient: "m" });
    const card = await answerOf<object>(await send(`/campaigns/${campaign}/cards/${drawn?.cardId}`));
    expect(card).toMatchObject({ cardId: drawn?.cardId, requestId: "a", state: "issued" });
    expect(card).not.toHaveProperty("prize");
    expect(card).not.toHaveProperty("revealedAt");
    const place = locateCard(env, campaign, drawn?.cardId ?? "");
    await cardIssuer(env, place).reveal({ ...place, lineUserId: "U1", trail: null });
    const revealed = await answerOf<object>(await send(`/campaigns/${campaign}/cards/${drawn?.cardId}`));
    expect(revealed).toMatchObject({ state: "revealed", prize: "coupon", revealedAt: expect.any(String) });
    expect(JSON.stringify(revealed)).not.toContain("U1");
  });

  it("answers a forged id as a missing one", async () => {
    const [campaign, other] = [await openedCampaign({ coupon: 30 }), await openedCampaign({ coupon: 30 })];
    const [drawn] = await draw(campaign, { requestId: "a" });
    const cardId = drawn?.cardId ?? "";
    for (const at of [0, 3, 12, 31]) {
      const forged = `${cardId.slice(0, at)}${cardId[at] === "A" ? "B" : "A"}${cardId.slice(at + 1)}`;
      expect(await problemOf(await send(`/campaigns/${campaign}/cards/${forged}`))).toBe("card_not_found");
    }
    expect(await problemOf(await send(`/campaigns/${other}/cards/${cardId}`))).toBe("card_not_found");
    expect(await problemOf(await send(`/campaigns/${campaign}/cards/x`))).toBe("card_not_found");
  });
});

describe("GET stock", () => {
  it("counts what is loaded", async () => {
    const campaign = await openedCampaign({ coupon: 30, thanks: 5 });
    const stock = await answerOf<{ prizes: object[]; soldOut: boolean }>(await send(`/campaigns/${campaign}/stock`));
    expect(stock.soldOut).toBe(false);
    expect(stock.prizes).toContainEqual({ prize: "coupon", loaded: 30, issued: 0, remaining: 30 });
  });
});

describe("what comes back", () => {
  it("remains, is told so, and can be drawn again", async () => {
    const campaign = await openedCampaign({ coupon: 2 }, { returnStock: { onVoid: true, onExpiry: false } });
    const drawn = await draw(campaign, { requestId: "a" }, { requestId: "b" });
    for (const { cardId } of drawn) await send(`/campaigns/${campaign}/cards/${cardId}/void`, { reason: "returned" });
    const stock = { prizes: [{ prize: "coupon", loaded: 2, issued: 0, remaining: 2 }], soldOut: false };
    await expect.poll(() => readStock(env, campaign)).toEqual(stock);
    expect((await draw(campaign, { requestId: "c" })).map(({ status }) => status)).toEqual(["issued"]);
  });

  it("shows a card whose time is over as expired at once", async () => {
    const campaign = await openedCampaign({ coupon: 1 }, { cardTtlHours: 1 / 3_600 });
    const [drawn] = await draw(campaign, { requestId: "a" });
    await scheduler.wait(1_050);
    const card = await answerOf<{ state: string }>(await send(`/campaigns/${campaign}/cards/${drawn?.cardId}`));
    expect(card.state).toBe("expired");
  });
});

describe("a card in a partner's hand", () => {
  it("is voided once and for all, but not when it is redeemed", async () => {
    const campaign = await openedCampaign({ points: 5 });
    const [drawn] = await draw(campaign, { requestId: "a" });
    const path = `/campaigns/${campaign}/cards/${drawn?.cardId}/void`;
    expect(await problemOf(await send(path, { reason: "" }))).toBe("invalid_request");
    for (let again = 0; again < 2; again++) expect(await answerOf(await send(path, { reason: "sent twice" }))).toEqual({ state: "voided" });
    const redeemed = await redeemedCard(campaign, "b");
    expect(await problemOf(await send(`/campaigns/${campaign}/cards/${redeemed}/void`, { reason: "late" }))).toBe("already_redeemed");
    expect(await problemOf(await send(path, { reason: "not yours" }, "narrow-hmac"))).toBe("card_not_found");
  });

  it("is a coupon that one of fifty tills takes, and the others hear when and where", async () => {
    const campaign = await openedCampaign({ coupon: 1 });
    const cardId = await redeemedCard(campaign, "a");
    const path = `/campaigns/${campaign}/coupons/${cardId}`;
    expect(await answerOf(await send(path))).toEqual({ status: "valid", prize: "coupon" });
    const uses = await Promise.all(
      Array.from({ length: 50 }, (_, i) => send(`${path}/use`, { store: `Store ${i % 2}`, till: `till ${i}` })),
    );
    const [taken] = await Promise.all(
      uses.filter(({ status }) => status === 200).map((use) => answerOf<{ usedAt: string; store: string }>(use)),
    );
    const refused = await Promise.all(uses.filter(({ status }) => status === 409).map((use) => answerOf<object>(use, 409)));
    expect(refused).toHaveLength(49);
    for (const refusal of refused) expect(refusal).toMatchObject({ code: "already_used", usedAt: taken?.usedAt, store: taken?.store });
    expect(await answerOf(await send(path))).toMatchObject({ status: "used", usedAt: taken?.usedAt, store: taken?.store });
  });

  it("does not tell a store what it holds before it is scratched", async () => {
    const campaign = await openedCampaign({ points: 3 });
    const [drawn] = await draw(campaign, { requestId: "a" });
    const path = `/campaigns/${campaign}/coupons/${drawn?.cardId}`;
    expect(await answerOf(await send(path))).toEqual({ status: "not_redeemed" });
    expect(await problemOf(await send(`${path}/use`, { store: "Taipei" }))).toBe("not_redeemed");
    const points = `/campaigns/${campaign}/coupons/${await redeemedCard(campaign, "b")}`;
    expect(await problemOf(await send(points))).toBe("card_not_found");
    expect(await problemOf(await send(`${points}/use`, { store: "Taipei" }))).toBe("card_not_found");
  });
});

describe("a card of a campaign that is not the partner's", () => {
  it("is answered as one that does not exist, byte for byte, whatever it holds and whatever is asked", async () => {
    const campaign = await openedCampaign({ coupon: 2 });
    const cardId = await redeemedCard(campaign, "a");
    const missing = `${cardId.slice(0, -4)}AAAA`;
    const ask = async (key: string, at: string, card: string) => {
      const paths = [`cards/${card}`, `cards/${card}/void`, `coupons/${card}`, `coupons/${card}/use`].map(
        (path) => `/campaigns/${at}/${path}`,
      );
      const bodies = [undefined, { reason: "r" }, undefined, { store: "Taipei" }];
      return Promise.all(
        paths.map(async (path, i) => {
          const response = await send(path, bodies[i], key);
          return [response.status, [...response.headers].filter(([name]) => name !== "date"), await response.text()] as const;
        }),
      );
    };
    const absent = await ask("demo-hmac", campaign, missing);
    expect(absent.map(([status]) => status)).toEqual([404, 404, 404, 404]);
    expect(absent[0]?.[2]).toContain("card_not_found");
    expect(await ask("narrow-hmac", campaign, cardId)).toEqual(absent);
    expect(await ask("narrow-hmac", campaign, missing)).toEqual(absent);
    expect(await ask("narrow-hmac", "nowhere", cardId)).toEqual(absent);
    expect(await ask("narrow-hmac", "somewhere-else", missing)).toEqual(absent);
    expect(await answerOf(await send(`/campaigns/${campaign}/coupons/${cardId}`))).toMatchObject({ status: "valid" });
  });
});

describe("a signature of the wrong length", () => {
  it.each(["AAAA", Buffer.alloc(32).toString("base64"), Buffer.alloc(64).toString("base64")])(
    "is refused like any other: %s",
    async (signature) => {
      const campaign = await openedCampaign({ coupon: 1 });
      const input = `sig1=("@method" "@authority" "@path");created=${Math.floor(Date.now() / 1000)};keyid="demo-ed25519"`;
      const headers = { "signature-input": input, signature: `sig1=:${signature}:` };
      expect(await problemOf(await SELF.fetch(`${ORIGIN}/partner/v1/campaigns/${campaign}/stock`, { headers }))).toBe("signature_invalid");
    },
  );
});
