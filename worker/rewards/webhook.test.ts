import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import type { Settings } from "../settings.ts";
import type { GrantOutcome, ParamedReward } from "./provider.ts";
import { webhook } from "./webhook.ts";

const SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgd2ViaG9vayB0ZXN0cyE=";
const PREVIOUS = "whsec_dGhlIHNlY3JldCB0aGF0IHdhcyB1c2VkIGJlZm9yZSE=";
const settings = {
  REWARD_PROVIDERS: { points: { url: "https://points.example/grant", permitsPerSecond: 200 } },
  WEBHOOK_SECRET: SECRET,
} as unknown as Settings;
const reward: ParamedReward = {
  card: "AQABAAAAAAEabcdefghijklmnopqrstu",
  campaign: "spring-2027",
  prize: "points-10",
  kind: "webhook",
  lineUser: "U123",
  recipient: null,
  attempts: 0,
  params: { provider: "points", points: 10 },
};

interface Asked {
  url: string;
  init: RequestInit;
  body: string;
  headers: Record<string, string>;
}

const NOT_ASKED: Asked = { url: "", init: {}, body: "", headers: {} };

/** What the provider was asked, and what came of its answer. */
async function ask(
  answer: () => Response | Promise<Response>,
  { of = reward, by = settings }: { of?: ParamedReward; by?: Settings } = {},
): Promise<{ outcome: GrantOutcome; asked: Asked[] }> {
  const asked: Asked[] = [];
  const outcome = await webhook.grant(of, {
    settings: by,
    nowMs: () => Date.now(),
    fetch: async (url, init) => {
      asked.push({
        url,
        init,
        body: typeof init.body === "string" ? init.body : "",
        headers: Object.fromEntries(new Headers(init.headers)),
      });
      return answer();
    },
  });
  return { outcome, asked };
}

const granted = () => Response.json({ granted: true, receipt: "points-1" });

describe("the call", () => {
  test("is signed under the card's id and tells all of the reward", async () => {
    const { asked } = await ask(granted, { of: { ...reward, recipient: "customer-7" } });
    expect(asked).toHaveLength(1);
    const [{ url, init, body, headers } = NOT_ASKED] = asked;
    expect(url).toBe("https://points.example/grant");
    expect(init.method).toBe("POST");
    expect(init.redirect).toBe("manual");
    expect(headers["webhook-id"]).toBe(reward.card);
    expect(new Webhook(SECRET).verify(body, headers)).toEqual({
      type: "reward.grant",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      data: {
        cardId: reward.card,
        campaign: "spring-2027",
        prize: "points-10",
        params: { provider: "points", points: 10 },
        lineUserId: "U123",
        recipient: "customer-7",
      },
    });
  });

  test("while a secret is being replaced, carries a signature by each", async () => {
    const { asked } = await ask(granted, { by: { ...settings, WEBHOOK_SECRET_PREVIOUS: PREVIOUS } });
    const [{ body, headers } = NOT_ASKED] = asked;
    expect(() => new Webhook(SECRET).verify(body, headers)).not.toThrow();
    expect(() => new Webhook(PREVIOUS).verify(body, headers)).not.toThrow();
  });

  test("is not made to a provider that is not configured, nor to a name that every object has", async () => {
    for (const provider of ["coins", "constructor", "__proto__"]) {
      const unknown = { ...reward, params: { provider } };
      expect(webhook.reach === "remote" && webhook.gate(unknown, settings)).toMatchObject({ outcome: "retry" });
      const { outcome, asked } = await ask(granted, { of: unknown });
      expect(outcome.outcome).toBe("retry");
      expect(asked).toEqual([]);
    }
  });
});

test("the gate is the provider's own", () => {
  expect(webhook.gate(reward, settings)).toEqual({ provider: "points", limits: { permitsPerSecond: 200 } });
});

describe("the answer", () => {
  test("that says so grants, and is the receipt", async () => {
    expect((await ask(granted)).outcome).toEqual({ outcome: "granted", receipt: { granted: true, receipt: "points-1" } });
  });

  test.each([
    ["nothing", () => new Response(null, { status: 204 })],
    ["a page", () => new Response("<html>welcome</html>")],
    ["a JSON value that is no object", () => Response.json("granted")],
    ["another object", () => Response.json({ granted: "yes" })],
    ["more than a receipt can be", () => Response.json({ granted: true, receipt: "x".repeat(5_000) })],
    ["a body that breaks off", () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }))],
  ])("that is a success with %s grants nothing yet", async (_, answer) => {
    expect((await ask(answer)).outcome.outcome).toBe("retry");
  });

  test.each([400, 401, 404, 409, 410, 422])("%i is a refusal", async (status) => {
    expect((await ask(() => new Response("no", { status }))).outcome).toEqual({ outcome: "refused", reason: `answered ${status}` });
  });

  test.each([301, 302, 307, 408, 425, 429, 500, 502, 503, 504])("%i is asked again", async (status) => {
    expect((await ask(() => new Response(null, { status }))).outcome).toEqual({ outcome: "retry", reason: `answered ${status}` });
  });

  test.each([429, 503])("%i is obeyed when it says for how long", async (status) => {
    const answer = () => new Response(null, { status, headers: { "retry-after": "30" } });
    expect((await ask(answer)).outcome).toEqual({ outcome: "retry", reason: `answered ${status}`, afterMs: 30_000 });
  });
});

describe("no answer", () => {
  test("for a connection that fails, the reward is asked for again", async () => {
    const { outcome } = await ask(() => Promise.reject(new TypeError("fetch failed: connect ECONNREFUSED 10.0.0.1:443")));
    expect(outcome).toEqual({ outcome: "retry", reason: "the connection failed" });
  });

  test("for a provider that is silent for ten seconds, the outcome is unknown", async () => {
    const { outcome } = await ask(() => Promise.reject(new DOMException("signal timed out", "TimeoutError")));
    expect(outcome).toEqual({ outcome: "retry", reason: "no answer within 10 s" });
  });
});
