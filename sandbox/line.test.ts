import { createRemoteJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { CHANNEL_ACCESS_TOKEN, USER, postJson, temporaryFolder, testSandbox } from "./sandbox.fixture.ts";

const BEARER = { authorization: `Bearer ${CHANNEL_ACCESS_TOKEN}` };
const RETRY_KEY = "123e4567-e89b-12d3-a456-426614174000";
const PUSH = { to: USER, messages: [{ type: "text", text: "You won" }] };
const COUPON = {
  title: "50 off",
  reward: { type: "discount", priceInfo: { type: "fixed", fixedAmount: 50 } },
  acquisitionCondition: { type: "normal" },
  startTimestamp: 0,
  endTimestamp: 1_924_959_599,
  timezone: "ASIA_TAIPEI",
  visibility: "UNLISTED",
  maxUseCountPerTicket: 1,
};

async function idToken(origin: string, fields: Record<string, unknown> = {}): Promise<string> {
  const reply = await postJson(`${origin}/sandbox/id-token`, { sub: USER, name: "花子", channelId: "2000000000", ...fields });
  return ((await reply.json()) as { idToken: string }).idToken;
}

test("an ID token verifies against the published keys as LINE's does", async () => {
  const { origin } = await testSandbox();
  const keys = createRemoteJWKSet(new URL(`${origin}/oauth2/v2.1/certs`));
  const { payload, protectedHeader } = await jwtVerify(await idToken(origin), keys, {
    issuer: "https://access.line.me",
    audience: "2000000000",
    algorithms: ["ES256"],
  });
  expect(protectedHeader).toMatchObject({ alg: "ES256", kid: expect.any(String) as string });
  expect(payload).toMatchObject({ sub: USER, name: "花子", amr: ["linesso"] });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3_600);
});

test("an expired token can be had, for a verifier to refuse", async () => {
  const { origin } = await testSandbox();
  const keys = createRemoteJWKSet(new URL(`${origin}/oauth2/v2.1/certs`));
  await expect(jwtVerify(await idToken(origin, { expiresIn: -60 }), keys)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
});

test("the keys are the same after a restart", async () => {
  const keysDir = await temporaryFolder();
  const first = await testSandbox({ keysDir });
  const second = await testSandbox({ keysDir });
  const read = async (origin: string) => await (await fetch(`${origin}/oauth2/v2.1/certs`)).text();
  expect(await read(second.origin)).toBe(await read(first.origin));
});

test("the page on another port may ask for a token", async () => {
  const { origin } = await testSandbox();
  const preflight = await fetch(`${origin}/sandbox/id-token`, {
    method: "OPTIONS",
    headers: { origin: "http://localhost:8787", "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
  });
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(preflight.headers.get("access-control-allow-headers")).toContain("content-type");
});

test.each([
  ["a user id that is not LINE's", { sub: "alice" }],
  ["a channel that is not a number", { channelId: "kuji" }],
  ["an unknown field", { admin: true }],
])("no token for %s", async (_, fields) => {
  const { origin } = await testSandbox();
  const reply = await postJson(`${origin}/sandbox/id-token`, { sub: USER, channelId: "2000000000", ...fields });
  expect(reply.status).toBe(400);
});

test("a push with a retry key is delivered once; the repeat is 409 with the first request's id", async () => {
  const { origin } = await testSandbox();
  const headers = { ...BEARER, "x-line-retry-key": RETRY_KEY };
  const first = await postJson(`${origin}/v2/bot/message/push`, PUSH, headers);
  expect(first.status).toBe(200);
  expect(await first.json()).toMatchObject({ sentMessages: [{ id: expect.any(String) as string }] });
  const second = await postJson(`${origin}/v2/bot/message/push`, PUSH, headers);
  expect(second.status).toBe(409);
  expect(second.headers.get("x-line-accepted-request-id")).toBe(first.headers.get("x-line-request-id"));
  expect(await (await fetch(`${origin}/sandbox/line`)).json()).toMatchObject({ pushes: [{ retryKey: RETRY_KEY, asked: 2 }] });
});

test("without a retry key, each push is delivered", async () => {
  const { origin } = await testSandbox();
  for (const _ of [1, 2]) await postJson(`${origin}/v2/bot/message/push`, PUSH, BEARER);
  const { pushes } = (await (await fetch(`${origin}/sandbox/line`)).json()) as { pushes: unknown[] };
  expect(pushes).toHaveLength(2);
});

test.each(["/v2/bot/message/push", "/shop/v3/mission", "/v2/bot/coupon"])("%s wants the channel access token", async (path) => {
  const { origin } = await testSandbox();
  expect((await postJson(origin + path, {})).status).toBe(401);
  expect((await postJson(origin + path, {}, { authorization: "Bearer guess" })).status).toBe(401);
});

test("a wrong body is refused in LINE's form, with the property", async () => {
  const { origin } = await testSandbox();
  const reply = await postJson(`${origin}/v2/bot/message/push`, { to: USER, messages: [{ type: "text", text: "" }] }, BEARER);
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ message: "The request body has 1 error(s)", details: [{ property: "messages[0].text" }] });
});

test("a sticker set and a coupon are taken as LINE takes them, and remembered", async () => {
  const { origin } = await testSandbox();
  const sticker = { to: USER, productId: "12345", productType: "STICKER", sendPresentMessage: false };
  expect((await postJson(`${origin}/shop/v3/mission`, sticker, BEARER)).status).toBe(200);
  const { couponId } = (await (await postJson(`${origin}/v2/bot/coupon`, COUPON, BEARER)).json()) as { couponId: string };
  expect(await (await fetch(`${origin}/sandbox/line`)).json()).toMatchObject({ missions: [{ body: sticker }], coupons: [{ couponId }] });
});

test("a sticker set that is sent twice is held once, and its user's deliveries can be listed alone", async () => {
  const { origin } = await testSandbox();
  const sticker = { to: USER, productId: "12345", productType: "STICKER", sendPresentMessage: false };
  const other = `U${"0b".repeat(16)}`;
  for (const to of [USER, USER, other]) await postJson(`${origin}/shop/v3/mission`, { ...sticker, to }, BEARER);
  await postJson(`${origin}/v2/bot/message/push`, { ...PUSH, to: other }, BEARER);
  expect(await (await fetch(`${origin}/sandbox/line?userId=${USER}`)).json()).toMatchObject({
    missions: [{ body: sticker, asked: 2 }],
    pushes: [],
  });
});

test("calls are counted per endpoint, and apart while there is a fault", async () => {
  const { origin } = await testSandbox();
  await postJson(`${origin}/v2/bot/message/push`, PUSH, BEARER);
  await postJson(`${origin}/sandbox/faults`, { target: "line", mode: "error" });
  await postJson(`${origin}/v2/bot/message/push`, PUSH, BEARER);
  expect(await (await fetch(`${origin}/sandbox/line/rate`)).json()).toMatchObject({
    endpoints: { push: { calls: 2, whileFaulty: 1 }, mission: { calls: 0 } },
  });
});

test.each([
  ["/shop/v3/mission", { to: USER, productId: "12345", productType: "STICKER" }],
  ["/v2/bot/coupon", { ...COUPON, endTimestamp: 0 }],
])("%s refuses what LINE refuses", async (path, body) => {
  const { origin } = await testSandbox();
  expect((await postJson(origin + path, body, BEARER)).status).toBe(400);
});

test("a retry key is for the sending of messages only", async () => {
  const { origin } = await testSandbox();
  const reply = await postJson(`${origin}/v2/bot/coupon`, COUPON, { ...BEARER, "x-line-retry-key": RETRY_KEY });
  expect(reply.status).toBe(400);
});
