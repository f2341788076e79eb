import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { encodeBlock, GENESIS_HASH, hashBlock } from "../../durable-objects/block.ts";
import { consumeDeadLetters } from "./dead-letters.ts";

async function deliver(queue: string, bodies: readonly unknown[], ledger: D1Database = env.LEDGER) {
  const messages = bodies.map((body, i) => ({ id: `m${i}`, timestamp: new Date(0), attempts: 10, body }));
  const batch = createMessageBatch(queue, messages);
  await consumeDeadLetters(batch, { LEDGER: ledger });
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) };
}

async function kept(queue: string): Promise<unknown[]> {
  const { results } = await env.LEDGER.prepare("SELECT body, at FROM dead_letters WHERE queue = ? ORDER BY letter")
    .bind(queue)
    .all<{ body: string; at: number }>();
  for (const { at } of results) expect(at).toBeGreaterThan(0);
  return results.map(({ body }) => JSON.parse(body) as unknown);
}

test("dead letters are kept: of a block its header, of others all", async () => {
  const body = '{"type":"revealed","user":"Ualice"}\n';
  const header = { campaign: "spring", shard: 3, block: 7, prev: GENESIS_HASH, hash: hashBlock(GENESIS_HASH, body), events: 1 };
  const block = new Uint8Array(encodeBlock(header, body)).buffer;
  expect(await deliver("card-events-dead", [block, new ArrayBuffer(9)])).toEqual({ acked: ["m0", "m1"], retried: [] });
  expect(await kept("card-events-dead")).toEqual([header, { unreadable: true, bytes: 9 }]);

  const message = { rewards: [{ card: "card-1", campaign: "spring" }] };
  await deliver("rewards-dead", [message]);
  expect(await kept("rewards-dead")).toEqual([message]);
});

test("letters that the ledger cannot take stay in the queue", async () => {
  const away = {
    prepare: () => {
      throw new Error("D1_ERROR: away");
    },
  } as unknown as D1Database;
  expect(await deliver("pool-uploads-dead", [{ object: { key: "k" } }], away)).toEqual({ acked: [], retried: ["m0"] });
  expect(await kept("pool-uploads-dead")).toEqual([]);
});
