import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { postJson, testSandbox } from "./sandbox.fixture.ts";
import type { Sandbox } from "./server.ts";

const SECRET = "whsec_dGVzdCB3ZWJob29rIHNlY3JldCwgMzIgYnl0ZXMu";

async function partner(name: string, settings: object = {}): Promise<Sandbox> {
  const sandbox = await testSandbox();
  await postJson(`${sandbox.origin}/sandbox/partners/${name}`, { secret: SECRET, ...settings });
  return sandbox;
}

async function send(sandbox: Sandbox, name: string, id: string, order: number, secret = SECRET): Promise<Response> {
  const at = new Date();
  const body = JSON.stringify({ type: "card.revealed", timestamp: at.toISOString(), data: { campaign: "demo", cardId: "card-1", order } });
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
  return await fetch(`${sandbox.origin}/partner/${name}`, { method: "POST", headers, body });
}

async function get(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}

test("a partner verifies, counts each event once, and sees which were overtaken", async () => {
  const sandbox = await partner("one");
  for (const [id, order] of [
    ["a", 2_000],
    ["c", 3_999],
    ["b", 3_000],
    ["a", 2_000],
  ] as const) {
    expect((await send(sandbox, "one", id, order)).status).toBe(204);
  }
  expect(await get(`${sandbox.origin}/sandbox/partners/one`)).toEqual({
    calls: 4,
    unverified: 0,
    overtaken: 1,
    events: 3,
    taken: 3,
    sentAgain: 1,
    byType: { "card.revealed": 3 },
  });
  expect(await get(`${sandbox.origin}/sandbox/partners/one?cardId=card-1`)).toMatchObject({
    events: [{ id: "a", sent: 2 }, { id: "c" }, { id: "b" }],
  });
});

test("what is not signed with its secret is refused and counted", async () => {
  const sandbox = await partner("one");
  expect((await send(sandbox, "one", "a", 1, "whsec_YW5vdGhlciBzZWNyZXQsIGFsc28gMzIgYnl0ZXMuLi4=")).status).toBe(401);
  expect((await send(sandbox, "unknown", "a", 1)).status).toBe(401);
  expect(await get(`${sandbox.origin}/sandbox/partners/one`)).toMatchObject({ calls: 1, unverified: 1, events: 0 });
});

test("each partner answers as it is told to, and all fail on demand", async () => {
  const sandbox = await partner("busy", { status: 429, retryAfterSeconds: 7 });
  const reply = await send(sandbox, "busy", "a", 1);
  expect([reply.status, reply.headers.get("retry-after")]).toEqual([429, "7"]);
  await postJson(`${sandbox.origin}/sandbox/partners/well`, { secret: SECRET });
  expect((await send(sandbox, "well", "a", 1)).status).toBe(204);
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "partner", mode: "error" });
  expect((await send(sandbox, "well", "b", 2)).status).toBe(500);
  expect(await get(`${sandbox.origin}/sandbox/partners/busy`)).toMatchObject({ events: 1, taken: 0 });
});
