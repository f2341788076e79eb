import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { snapshotKey } from "../campaign/snapshot.ts";
import { consumeRewards } from "./agent.ts";
import type { AgentTools } from "./agent.ts";
import { packRewards } from "./message.ts";
import type { RewardRef } from "./message.ts";
import { ledgerRewards, providerThat, publishPrizes, seedRewards } from "./rewards.fixture.ts";

const granting = () => Response.json({ granted: true, receipt: "r-1" });
const down = () => Promise.reject(new TypeError("connection refused"));

async function deliver(bodies: readonly unknown[], env: Env, tools: AgentTools) {
  const messages = bodies.map((body, i) => ({ id: `m${i}`, timestamp: new Date(0), attempts: 1, body }));
  const batch = createMessageBatch("rewards", messages);
  await consumeRewards(batch, env, tools);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) };
}

const messagesOf = (refs: readonly RewardRef[]) => packRewards(refs).flat();

describe("a provider that is well", () => {
  test("is asked once for each reward, and the ledger keeps its receipts", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const refs = await seedRewards(45, { campaign });
    const { tools, asked } = providerThat(granting);
    expect(await deliver(messagesOf(refs), env, tools)).toEqual({ acked: ["m0", "m1", "m2"], retried: [] });
    expect(asked).toEqual(new Map(refs.map(({ card }) => [card, 1])));
    for (const row of await ledgerRewards(campaign)) {
      expect(row).toMatchObject({ status: "granted", attempts: 1, next_attempt_at: null, receipt: '{"granted":true,"receipt":"r-1"}' });
      expect(row.granted_at).toBeGreaterThan(0);
    }
    expect(sent).toEqual([]);
  });

  test("is not asked again by doubled messages, in one batch or later", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(5, { campaign }));
    const { tools, asked } = providerThat(granting);
    await deliver([...messages, ...messages], env, tools);
    expect(await deliver(messages, env, tools)).toEqual({ acked: ["m0"], retried: [] });
    expect([...asked.values()]).toEqual([1, 1, 1, 1, 1]);
  });

  test("is told the prize's params, from the published campaign rather than the ledger's file", async () => {
    const { campaign, env } = await publishPrizes();
    const params = { provider: campaign, points: 99 };
    const snapshot = { file: { id: campaign, prizes: [{ id: "points", kind: "webhook", params }] }, version: 2, shards: 1 };
    await env.CONFIG.put(snapshotKey(campaign), JSON.stringify(snapshot));
    const bodies: unknown[] = [];
    const { tools } = providerThat((init) => {
      bodies.push(JSON.parse(typeof init.body === "string" ? init.body : ""));
      return granting();
    });
    await deliver(messagesOf(await seedRewards(1, { campaign })), env, tools);
    expect(bodies).toMatchObject([{ data: { campaign, prize: "points", lineUserId: "Ualice", params } }]);
  });
});

describe("a provider that is down", () => {
  test("is called a few times only; every reward stays pending, is sent again, and only calls made count as attempts", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const refs = await seedRewards(60, { campaign });
    const { tools, asked } = providerThat(down);
    expect((await deliver(messagesOf(refs), env, tools)).acked).toHaveLength(3);
    expect(asked.size).toBeLessThanOrEqual(4);
    const rows = await ledgerRewards(campaign);
    for (const { card, status, attempts, next_attempt_at: due } of rows) {
      expect(status).toBe("pending");
      expect(attempts).toBe(asked.get(card) ?? 0);
      expect(due).toBeGreaterThan(Date.now());
    }
    expect(rows.filter(({ last_error: reason }) => reason === "the connection failed")).toHaveLength(asked.size);
    expect(
      sent
        .flatMap(({ rewards }) => rewards)
        .map(({ card }) => card)
        .sort(),
    ).toEqual(refs.map(({ card }) => card).sort());
    expect(sent.every(({ delaySeconds }) => delaySeconds >= 1 && delaySeconds <= 30)).toBe(true);
  });

  test("is not called at all behind a closed gate", async () => {
    const { campaign, env, sent } = await publishPrizes();
    await deliver(messagesOf(await seedRewards(10, { campaign })), env, providerThat(down).tools);
    sent.length = 0;
    const later = await seedRewards(10, { campaign });
    const { tools, asked } = providerThat(granting);
    expect(await deliver(messagesOf(later), env, tools)).toEqual({ acked: ["m0"], retried: [] });
    expect(asked.size).toBe(0);
    expect(sent.flatMap(({ rewards }) => rewards)).toEqual(later);
  });

  test("is left alone for as long as it asks", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const { tools, asked } = providerThat(() => new Response(null, { status: 429, headers: { "retry-after": "90" } }));
    await deliver(messagesOf(await seedRewards(20, { campaign })), env, tools);
    expect(asked.size).toBeLessThanOrEqual(2);
    expect(sent.every(({ delaySeconds }) => delaySeconds >= 88)).toBe(true);
  });

  test("grants when it is back, under the same key", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign }));
    await deliver(messages, env, providerThat(() => new Response(null, { status: 500 })).tools);
    const { tools, asked } = providerThat(granting);
    await deliver(messages, env, { ...tools, nowMs: () => Date.now() + 60_000 });
    expect([...asked.values()]).toEqual([1]);
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted", attempts: 2, last_error: "answered 500" }]);
  });
});

describe("a reward", () => {
  test("that is refused has failed, is kept, and is not asked for again", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const messages = messagesOf(await seedRewards(3, { campaign }));
    const { tools, asked } = providerThat(() => new Response(null, { status: 422 }));
    await deliver(messages, env, tools);
    await deliver(messages, env, tools);
    expect([...asked.values()]).toEqual([1, 1, 1]);
    for (const row of await ledgerRewards(campaign))
      expect(row).toMatchObject({ status: "failed", attempts: 1, last_error: "answered 422" });
    expect(sent).toEqual([]);
  });

  test("whose last attempt goes wrong has failed and is kept with its reason", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign, attempts: 27 }));
    await deliver(messages, env, providerThat(() => new Response(null, { status: 500 })).tools);
    expect(await ledgerRewards(campaign)).toMatchObject([
      { status: "failed", attempts: 28, last_error: "answered 500", next_attempt_at: null },
    ]);
    expect(sent).toEqual([]);
  });

  test("that nobody can hand over as things are waits, and says why", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const stickers = await seedRewards(1, { campaign, prize: "nameless", kind: "line-sticker" });
    const coins = await seedRewards(1, { campaign, prize: "coins" });
    const gone = await seedRewards(1, { campaign, prize: "gone" });
    const { tools, asked } = providerThat(granting);
    await deliver(messagesOf([...stickers, ...coins, ...gone]), env, tools);
    expect(asked.size).toBe(0);
    const rows = await ledgerRewards(campaign);
    expect(rows.map(({ status, attempts }) => [status, attempts])).toEqual([
      ["pending", 1],
      ["pending", 1],
      ["pending", 1],
    ]);
    expect(rows.map(({ last_error: reason }) => reason)).toEqual([
      "the params of the prize are not what its kind takes",
      "no reward provider of the name in the prize's params is configured",
      "the campaign's file has no such prize",
    ]);
    expect(sent.flatMap(({ rewards }) => rewards)).toHaveLength(3);
  });

  test("of each of LINE's kinds is granted by LINE, with what LINE answered as its receipt", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const sticker = await seedRewards(1, { campaign, prize: "sticker", kind: "line-sticker" });
    const coupon = await seedRewards(1, { campaign, prize: "half-off", kind: "line-coupon" });
    const message = await seedRewards(1, { campaign, prize: "greeting", kind: "line-message" });
    const { tools, asked } = providerThat((_, url) =>
      Response.json(url.endsWith("/push") ? { sentMessages: [{ id: "1" }] } : {}, { headers: { "x-line-request-id": "r" } }),
    );
    await deliver(messagesOf([...sticker, ...coupon, ...message]), env, tools);
    expect([...asked.values()]).toEqual([1, 1, 1]);
    expect((await ledgerRewards(campaign)).map(({ status, receipt }) => [status, receipt])).toEqual([
      ["granted", '{"requestId":"r"}'],
      ["granted", '{"sentMessages":[{"id":"1"}],"requestId":"r"}'],
      ["granted", '{"sentMessages":[{"id":"1"}],"requestId":"r"}'],
    ]);
    expect(sent).toEqual([]);
  });

  test("that LINE accepted in an attempt nobody heard of is granted by the repeat, under the same retry key", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign, prize: "greeting", kind: "line-message" }));
    const keys: (string | null)[] = [];
    const { tools } = providerThat((init) => {
      keys.push(new Headers(init.headers).get("x-line-retry-key"));
      if (keys.length === 1) throw new DOMException("signal timed out", "TimeoutError");
      return Response.json({ message: "The retry key is already accepted", sentMessages: [{ id: "1" }] }, { status: 409 });
    });
    await deliver(messages, env, tools);
    await deliver(messages, env, { ...tools, nowMs: () => Date.now() + 60_000 });
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted", attempts: 2, last_error: "no answer within 10 s" }]);
  });

  test("that Kuji hands over itself is granted without a call", async () => {
    const { campaign, env } = await publishPrizes();
    const { tools, asked } = providerThat(granting);
    await deliver(messagesOf(await seedRewards(1, { campaign, prize: "code", kind: "code" })), env, tools);
    expect(asked.size).toBe(0);
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted", attempts: 0 }]);
  });

  test("of a kind that this version does not know stays pending and keeps no other waiting", async () => {
    const { campaign, env } = await publishPrizes();
    const [strange] = await seedRewards(1, { campaign, kind: "hologram" });
    const known = await seedRewards(2, { campaign });
    const { tools } = providerThat(granting);
    if (strange === undefined) throw new Error("nothing was seeded");
    expect(await deliver(messagesOf([strange, ...known]), env, tools)).toEqual({ acked: ["m0"], retried: [] });
    expect((await ledgerRewards(campaign)).map(({ status }) => status)).toEqual(["pending", "granted", "granted"]);
  });

  test("that is not due is left to the message that waits for it", async () => {
    const { campaign, env, sent } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign, nextAttemptAt: Date.now() + 60_000 }));
    const { tools, asked } = providerThat(granting);
    expect(await deliver(messages, env, tools)).toEqual({ acked: ["m0"], retried: [] });
    expect(asked.size).toBe(0);
    expect(sent).toEqual([]);
  });

  test("that another consumer granted meanwhile keeps that receipt", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign }));
    const { tools } = providerThat(async () => {
      await deliver(messages, env, providerThat(() => Response.json({ granted: true, receipt: "first" })).tools);
      return new Response(null, { status: 500 });
    });
    await deliver(messages, env, tools);
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted", receipt: '{"granted":true,"receipt":"first"}' }]);
  });
});

describe("when something breaks", () => {
  test("a message of no known form goes to the dead letters by retries, the others are seen to", async () => {
    const { campaign, env } = await publishPrizes();
    const [message] = messagesOf(await seedRewards(1, { campaign }));
    expect(await deliver([{ rewards: "all" }, message], env, providerThat(granting).tools)).toEqual({ acked: ["m1"], retried: ["m0"] });
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted" }]);
  });

  test("without the ledger nobody is called, and the queue keeps the messages", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(25, { campaign }));
    const { tools, asked } = providerThat(granting);
    const away = { prepare: () => raise("D1_ERROR: away"), batch: () => raise("D1_ERROR: away") } as unknown as D1Database;
    expect(await deliver(messages, { ...env, LEDGER: away }, tools)).toEqual({ acked: [], retried: ["m0", "m1"] });
    expect(asked.size).toBe(0);
  });

  test("a consumer that dies after the provider granted asks again under the same key, and the ledger has one grant", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(3, { campaign }));
    const { tools, asked } = providerThat(granting);
    const dying = { ...env, LEDGER: readOnly(env.LEDGER) };
    expect(await deliver(messages, dying, tools)).toEqual({ acked: [], retried: ["m0"] });
    expect((await ledgerRewards(campaign)).map(({ status }) => status)).toEqual(["pending", "pending", "pending"]);
    expect(await deliver(messages, env, tools)).toEqual({ acked: ["m0"], retried: [] });
    expect([...asked.values()]).toEqual([2, 2, 2]);
    expect((await ledgerRewards(campaign)).map(({ status, attempts }) => [status, attempts])).toEqual([
      ["granted", 1],
      ["granted", 1],
      ["granted", 1],
    ]);
  });

  test("messages that come in another order than they were sent, and doubled, grant each reward once", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(60, { campaign }));
    const { tools, asked } = providerThat(granting);
    const [first, second, third] = messages;
    await Promise.all([deliver([third, first, third], env, tools), deliver([second], env, tools)]);
    await deliver([first, second], env, tools);
    expect([...asked.values()].every((times) => times === 1)).toBe(true);
    expect((await ledgerRewards(campaign)).every(({ status }) => status === "granted")).toBe(true);
  });

  test("an outcome that comes late, after the reward was granted, changes nothing", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign }));
    const slow = Promise.withResolvers<Response>();
    const late = deliver(messages, env, providerThat(() => slow.promise).tools);
    await deliver(messages, env, providerThat(granting).tools);
    slow.resolve(new Response(null, { status: 422 }));
    await late;
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "granted", receipt: '{"granted":true,"receipt":"r-1"}' }]);
  });

  test("a queue that takes nothing back leaves the messages where they are", async () => {
    const { campaign, env } = await publishPrizes();
    const messages = messagesOf(await seedRewards(1, { campaign }));
    const full = { ...env.REWARDS, sendBatch: () => Promise.reject(new Error("queue is full")) } as unknown as Queue;
    expect(await deliver(messages, { ...env, REWARDS: full }, providerThat(down).tools)).toEqual({ acked: [], retried: ["m0"] });
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "pending", attempts: 1 }]);
  });
});

/** The ledger of a consumer that dies before it has written anything. */
function readOnly(ledger: D1Database): D1Database {
  const prepare = (query: string) => (query.startsWith("UPDATE") ? raise("D1_ERROR: the consumer died") : ledger.prepare(query));
  return { prepare, batch: ledger.batch.bind(ledger) } as unknown as D1Database;
}

function raise(message: string): never {
  throw new Error(message);
}
