import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { encodeBlock, GENESIS_HASH, hashBlock } from "../../durable-objects/block.ts";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { consumeCardEvents } from "./settle.ts";

/** Blocks as an issuer's first shard chains them, as they travel. */
export function chainBlocks(campaign: string, blocks: readonly (readonly CardEvent[])[]): Uint8Array[] {
  let prev = GENESIS_HASH;
  return blocks.map((events, i) => {
    const body = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    const hash = hashBlock(prev, body);
    const header = { campaign, shard: 0, block: i + 1, prev, hash, events: events.length };
    prev = hash;
    return encodeBlock(header, body);
  });
}

/** Brings blocks to settlement, in one batch. Tells whether all messages were taken, and the places of those that come again. */
export async function deliver(blocks: readonly Uint8Array[]): Promise<{ readonly taken: boolean; readonly again: readonly number[] }> {
  const messages = blocks.map((bytes, i) => ({ id: String(i), timestamp: new Date(0), attempts: 1, body: bytes.slice().buffer }));
  const batch = createMessageBatch("card-events", messages);
  const ctx = createExecutionContext();
  await consumeCardEvents(batch, env);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return { taken: explicitAcks.length === blocks.length, again: retryMessages.map(({ msgId }) => Number(msgId)) };
}
