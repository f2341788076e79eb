import { describe, expect, test } from "vitest";
import type { Settings } from "../settings.ts";
import { lineCoupon } from "./line-coupon.ts";
import { lineMessage } from "./line-message.ts";
import { retryKeyOf } from "./line-push.ts";
import { lineSticker } from "./line-sticker.ts";
import type { GrantOutcome, ParamedReward, RemoteProvider } from "./provider.ts";

const TOKEN = "channel access token of the tests";
const settings = {
  LINE_API_URL: "https://line.example",
  LINE_PERMITS_PER_SECOND: 50,
  LINE_CHANNEL_ACCESS_TOKEN: TOKEN,
} as unknown as Settings;
const WINNER = `U${"0a".repeat(16)}`;

const won = (kind: ParamedReward["kind"], params: ParamedReward["params"]): ParamedReward => ({
  card: "AQABAAAAAAEabcdefghijklmnopqrstu",
  campaign: "spring-2027",
  prize: "prize",
  kind,
  lineUser: WINNER,
  recipient: null,
  attempts: 0,
  params,
});

const STICKER = won("line-sticker", { productId: "12345" });
const COUPON = won("line-coupon", { couponId: "01JYNW8JMQVFBNWF1APF8Z3FS7" });
const MESSAGE = won("line-message", { messages: [{ type: "text", text: "You won" }] });
const KINDS: [kind: string, provider: RemoteProvider, reward: ParamedReward][] = [
  ["line-sticker", lineSticker, STICKER],
  ["line-coupon", lineCoupon, COUPON],
  ["line-message", lineMessage, MESSAGE],
];
const PUSHED: typeof KINDS = KINDS.slice(1);

interface Asked {
  url: string;
  init: RequestInit;
  body: unknown;
  headers: Headers;
}

/** What LINE was asked, and what came of its answer. */
async function ask(
  provider: RemoteProvider,
  reward: ParamedReward,
  answer: () => Response | Promise<Response>,
): Promise<{ outcome: GrantOutcome; asked: Asked[] }> {
  const asked: Asked[] = [];
  const outcome = await provider.grant(reward, {
    settings,
    nowMs: () => Date.parse("2027-02-05T12:00:00Z"),
    fetch: async (url, init) => {
      asked.push({ url, init, body: JSON.parse(typeof init.body === "string" ? init.body : ""), headers: new Headers(init.headers) });
      return answer();
    },
  });
  return { outcome, asked };
}

const accepted = () => Response.json({}, { headers: { "x-line-request-id": "request-1" } });
const pushed = () => Response.json({ sentMessages: [{ id: "461230966842064897", quoteToken: "IStG5h1Tz7b" }] });
const said = (status: number, message: string, details?: object[], headers = {}) =>
  Response.json(details === undefined ? { message } : { message, details }, { status, headers });

describe("the call", () => {
  test.each(KINDS)("%s is made once, as the campaign's channel, and follows no redirect", async (_, provider, reward) => {
    const { asked } = await ask(provider, reward, accepted);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.init).toMatchObject({ method: "POST", redirect: "manual", signal: expect.any(AbortSignal) as AbortSignal });
    expect(asked[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  });

  test("for a sticker set names the set and the winner, and has no retry key, which LINE would refuse", async () => {
    const { asked } = await ask(lineSticker, STICKER, accepted);
    expect(asked[0]?.url).toBe("https://line.example/shop/v3/mission");
    expect(asked[0]?.body).toEqual({ to: WINNER, productId: "12345", productType: "STICKER", sendPresentMessage: false });
    expect(asked[0]?.headers.has("x-line-retry-key")).toBe(false);
  });

  test("for a coupon pushes a message of that coupon", async () => {
    const { asked } = await ask(lineCoupon, won("line-coupon", { couponId: "01JYNW8JMQ", deliveryTag: "kuji" }), pushed);
    expect(asked[0]?.url).toBe("https://line.example/v2/bot/message/push");
    expect(asked[0]?.body).toEqual({ to: WINNER, messages: [{ type: "coupon", couponId: "01JYNW8JMQ", deliveryTag: "kuji" }] });
  });

  test("for a message pushes what the prize says", async () => {
    const { asked } = await ask(lineMessage, MESSAGE, pushed);
    expect(asked[0]?.body).toEqual({ to: WINNER, messages: [{ type: "text", text: "You won" }] });
  });

  test.each(PUSHED)("%s has the retry key of its card, the same in every attempt", async (_, provider, reward) => {
    const first = await ask(provider, reward, () => Promise.reject(new TypeError("reset")));
    const later = await ask(provider, { ...reward, attempts: 7 }, pushed);
    const key = later.asked[0]?.headers.get("x-line-retry-key");
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first.asked[0]?.headers.get("x-line-retry-key")).toBe(key);
    expect(retryKeyOf("another card")).not.toBe(key);
  });

  test.each(KINDS)("%s is not made with params that its kind does not take", async (_, provider, reward) => {
    const unusable = { ...reward, params: { provider: "points" } };
    expect(provider.gate(unusable, settings)).toMatchObject({ outcome: "retry" });
    const { outcome, asked } = await ask(provider, unusable, accepted);
    expect(outcome.outcome).toBe("retry");
    expect(asked).toEqual([]);
  });
});

test("pushes go through one gate, sticker sets through another, at the rate of the settings", () => {
  const limits = { permitsPerSecond: 50 };
  expect(lineSticker.gate(STICKER, settings)).toEqual({ provider: "line:mission", limits });
  for (const [, provider, reward] of PUSHED) expect(provider.gate(reward, settings)).toEqual({ provider: "line:push", limits });
});

describe("the answer", () => {
  test("to a push is the receipt, without LINE's quote token", async () => {
    const { outcome } = await ask(lineMessage, MESSAGE, pushed);
    expect(outcome).toEqual({ outcome: "granted", receipt: { sentMessages: [{ id: "461230966842064897" }] } });
  });

  test.each(["", "{}"])("to a sticker set is %j, and the request's id is the receipt", async (body) => {
    const { outcome } = await ask(lineSticker, STICKER, () => new Response(body, { headers: { "x-line-request-id": "request-1" } }));
    expect(outcome).toEqual({ outcome: "granted", receipt: { requestId: "request-1" } });
  });

  test.each(PUSHED)("409 to %s says that an earlier attempt was accepted", async (_, provider, reward) => {
    const before = () =>
      Response.json(
        { message: "The retry key is already accepted", sentMessages: [{ id: "1" }] },
        { status: 409, headers: { "x-line-request-id": "second", "x-line-accepted-request-id": "first" } },
      );
    expect((await ask(provider, reward, before)).outcome).toEqual({
      outcome: "granted",
      receipt: { sentMessages: [{ id: "1" }], requestId: "first" },
    });
  });

  test("409 to a sticker set is a refusal: there is no key that could have been accepted", async () => {
    expect((await ask(lineSticker, STICKER, () => said(409, "conflict"))).outcome.outcome).toBe("refused");
  });

  test.each(KINDS)("that is a page of somebody else's grants no %s", async (_, provider, reward) => {
    for (const answer of ["<html>sign in</html>", '"granted"', "[]", `{"x":"${"y".repeat(5_000)}"}`]) {
      expect((await ask(provider, reward, () => new Response(answer))).outcome.outcome).toBe("retry");
    }
  });

  test.each([400, 404, 413, 422])("%i is a refusal, with LINE's message", async (status) => {
    const { outcome } = await ask(lineSticker, STICKER, () => said(status, "not in sales period"));
    expect(outcome).toEqual({ outcome: "refused", reason: `LINE answered ${status}: not in sales period` });
  });

  test("that names what is wrong with the request is told with it", async () => {
    const details = [{ message: "May not be empty", property: "messages[0].text" }];
    const { outcome } = await ask(lineMessage, MESSAGE, () => said(400, "The request body has 1 error(s)", details));
    expect(outcome).toEqual({
      outcome: "refused",
      reason: "LINE answered 400: The request body has 1 error(s) (messages[0].text: May not be empty)",
    });
  });

  test("that names an id or a token is told without it", async () => {
    const message = `user ${WINNER} with eyJhbGciOiJIUzI1NiJ9.abc and card ${MESSAGE.card} is not available`;
    const { outcome } = await ask(lineMessage, MESSAGE, () => said(400, message));
    expect(outcome).toEqual({ outcome: "refused", reason: "LINE answered 400: user … with … and card … is not available" });
  });

  test.each([401, 403])("%i is the channel's trouble: nobody's reward fails of it", async (status) => {
    const { outcome } = await ask(lineMessage, MESSAGE, () => said(status, "not allowed to use the API"));
    expect(outcome).toEqual({ outcome: "retry", reason: `LINE answered ${status}: not allowed to use the API` });
  });

  test.each([301, 307, 408, 429, 500, 502, 503, 504])("%i is asked again", async (status) => {
    const { outcome } = await ask(lineCoupon, COUPON, () => new Response(null, { status }));
    expect(outcome).toEqual({ outcome: "retry", reason: `LINE answered ${status}` });
  });

  test("429 is obeyed when it says for how long", async () => {
    const { outcome } = await ask(lineCoupon, COUPON, () =>
      said(429, "You have reached your monthly limit.", undefined, { "retry-after": "30" }),
    );
    expect(outcome).toEqual({ outcome: "retry", reason: "LINE answered 429: You have reached your monthly limit.", afterMs: 30_000 });
  });
});

describe("no answer", () => {
  test.each(KINDS)("to %s leaves unknown what happened, and it is asked for again", async (_, provider, reward) => {
    const timedOut = await ask(provider, reward, () => Promise.reject(new DOMException("signal timed out", "TimeoutError")));
    expect(timedOut.outcome).toEqual({ outcome: "retry", reason: "no answer within 10 s" });
    const cut = await ask(provider, reward, () => Promise.reject(new TypeError("fetch failed: connect ECONNREFUSED 10.0.0.1:443")));
    expect(cut.outcome).toEqual({ outcome: "retry", reason: "the connection failed" });
  });

  test.each(KINDS)("that breaks off within an acceptance of %s is unknown, too", async (_, provider, reward) => {
    const broken = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }));
    expect((await ask(provider, reward, broken)).outcome.outcome).toBe("retry");
  });
});
