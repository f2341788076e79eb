import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson } from "../scripts/api-call.ts";
import { accessToken } from "../scripts/admin-client.ts";
import { drawOne } from "../scripts/draw.ts";
import { openMadeCampaign } from "../scripts/made-campaign.ts";
import { hmacKey, signedRequest } from "../scripts/partner-client.ts";
import type { PartnerKey } from "../scripts/partner-client.ts";
import { newLineUserId, PlayerClient } from "../scripts/player-client.ts";
import { silent } from "../scripts/terminal.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";

const SETTLED = { interval: 250 };

let house: TestHouse;
let token: string;
beforeAll(async () => {
  house = await openTestHouse();
  token = await accessToken(house.stack);
});
afterAll(() => house.close());

async function admin<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  const headers = { "cf-access-jwt-assertion": token };
  return await callJson<T>(
    `${house.stack.appOrigin}/admin/v1${path}`,
    body === undefined ? { method, headers } : { method, headers, body },
  );
}

/** A campaign in which every card wins `prize`. */
async function openCampaign(id: string, prize: string, cards: number): Promise<string> {
  const settings = { fallback: undefined, selfService: false };
  const { line } = await openMadeCampaign(house.stack, house.admin, silent, { id, settings, stock: new Map([[prize, cards]]) });
  return line.channelId;
}

async function redeemedCard(campaign: string, channelId: string): Promise<string> {
  const { cardId } = await drawOne(house.partner, campaign);
  const player = await PlayerClient.signIn(house.stack, campaign, { sub: newLineUserId(), name: "Kuji", channelId });
  await player.reveal(cardId);
  await player.redeem(cardId);
  return cardId;
}

async function newKey(partner: string, keyId: string): Promise<PartnerKey> {
  const { secret } = await house.admin.addKey(partner, { keyId, algorithm: "hmac-sha256" });
  return hmacKey(keyId, secret ?? "");
}

describe("a store coupon", () => {
  it("is taken by one of fifty calls from two tills, and the others hear when and where", async () => {
    const channelId = await openCampaign("coupons", "coupon-50", 5);
    const cardId = await redeemedCard("coupons", channelId);
    const tills = [await newKey("demo", "till-taipei"), await newKey("demo", "till-tainan")] as const;
    await house.admin.putPartner({ id: "rival", name: "Another partner", campaigns: ["elsewhere"] });
    const rival = await newKey("rival", "till-rival");
    const url = `${house.stack.appOrigin}/partner/v1/campaigns/coupons/coupons/${cardId}`;
    const look = async (key: PartnerKey) => fetch(await signedRequest(key, url, "GET"));

    await expect.poll(async () => (await look(tills[0])).status, SETTLED).toBe(200);
    await expect.poll(async () => (await look(tills[1])).status, SETTLED).toBe(200);
    expect(await (await look(tills[0])).json()).toEqual({ status: "valid", prize: "coupon-50" });
    await expect.poll(async () => (await look(rival)).status, SETTLED).toBe(404);
    expect(await (await look(rival)).json()).toMatchObject({ code: "card_not_found" });

    const uses = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const [key, store] = i % 2 === 0 ? [tills[0], "Taipei"] : [tills[1], "Tainan"];
        const response = await fetch(await signedRequest(key, `${url}/use`, "POST", { store, till: String(i) }));
        return { status: response.status, body: (await response.json()) as { code?: string; usedAt: string; store: string } };
      }),
    );
    const taken = uses.filter(({ status }) => status === 200);
    expect(taken).toHaveLength(1);
    const { usedAt, store } = taken[0]?.body ?? { usedAt: "", store: "" };
    const refused = uses.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(49);
    for (const { body } of refused) expect(body).toMatchObject({ code: "already_used", usedAt, store });
    for (const key of tills) expect(await (await look(key)).json()).toEqual({ status: "used", prize: "coupon-50", usedAt, store });
    expect((await (await fetch(await signedRequest(rival, `${url}/use`, "POST", { store: "Nowhere" }))).json()) as object).toMatchObject({
      code: "card_not_found",
    });
  });
});

describe("webhooks", () => {
  interface Summary {
    readonly calls: number;
    readonly unverified: number;
    readonly events: number;
    readonly taken: number;
    readonly byType: Readonly<Record<string, number>>;
  }
  const summary = (name: string) => callJson<Summary>(`${house.stack.sandboxOrigin}/sandbox/partners/${name}`);
  const tell = (name: string, settings: object) =>
    callJson(`${house.stack.sandboxOrigin}/sandbox/partners/${name}`, { method: "POST", body: settings });

  async function newEndpoint(name: string): Promise<string> {
    const url = `${house.stack.sandboxOrigin}/partner/${name}`;
    const { endpoint, secret } = await admin<{ endpoint: string; secret: string }>("POST", "/partners/demo/endpoints", { url });
    await tell(name, { secret });
    return endpoint;
  }

  it("do not wait without end for an answer", async () => {
    const endpoint = await newEndpoint("hanging");
    const faults = (mode: string) =>
      callJson(`${house.stack.sandboxOrigin}/sandbox/faults`, { method: "POST", body: { target: "partner", mode } });
    await faults("timeout");
    expect(await admin("POST", `/partners/demo/endpoints/${endpoint}/ping`)).toEqual({ reason: "no answer within 10 s" });
    await faults("ok");
    expect(await admin("POST", `/partners/demo/endpoints/${endpoint}/ping`)).toMatchObject({ httpStatus: 204 });
    expect(await admin("DELETE", `/partners/demo/endpoints/${endpoint}`)).toMatchObject({ disabledBy: "operator" });
  });

  it("reach a partner whose other system is down, and that one when it is back, though the app was killed in between", async () => {
    const channelId = await openCampaign("hooks", "points-10", 20);
    const [up, down] = [await newEndpoint("up"), await newEndpoint("down")];
    await tell("down", { status: 503 });
    // What an isolate knows of the endpoints it knows for five seconds.
    await expect
      .poll(async () => (await admin<{ httpStatus?: number }>("POST", `/partners/demo/endpoints/${up}/ping`)).httpStatus, SETTLED)
      .toBe(204);
    const cardIds = [
      await redeemedCard("hooks", channelId),
      await redeemedCard("hooks", channelId),
      await redeemedCard("hooks", channelId),
    ];
    await expect
      .poll(async () => (await summary("up")).byType, SETTLED)
      .toEqual({
        "endpoint.ping": 1,
        "card.revealed": 3,
        "card.redeemed": 3,
        "reward.granted": 3,
      });
    for (const cardId of cardIds) {
      const { events } = await callJson<{ events: { type: string; data: { order: number } }[] }>(
        `${house.stack.sandboxOrigin}/sandbox/partners/up?cardId=${cardId}`,
      );
      const inOrder = events.toSorted((a, b) => a.data.order - b.data.order).map(({ type }) => type);
      expect(inOrder).toEqual(["card.revealed", "card.redeemed", "reward.granted"]);
    }
    await expect.poll(async () => (await summary("down")).calls, SETTLED).toBeGreaterThan(0);

    await house.stack.kill();
    await tell("down", { status: 204 });
    await house.stack.restart();
    await expect
      .poll(
        async () => {
          await admin("POST", `/partners/demo/endpoints/${down}/ping`);
          return (await summary("down")).taken - ((await summary("down")).byType["endpoint.ping"] ?? 0);
        },
        { interval: 2_000 },
      )
      .toBe(9);
    expect(await summary("up")).toMatchObject({ unverified: 0 });
    expect(await summary("down")).toMatchObject({ unverified: 0 });
  });
});
