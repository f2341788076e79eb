import { blockEvents } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";

/** Below it are the blocks of a campaign whose first event was on that day, UTC. */
export function blockDay(campaign: string, date: string): string {
  return `lake/${campaign}/${date}/`;
}

/** The day of an object's first line, UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** `lake/<campaign>/<UTC date>/<shard>-<block>.ndjson`: the same block always lands on the same key. */
function lakeKey(block: Block): string {
  const { campaign, shard, block: number } = block.header;
  const firstAt = blockEvents(block)[0]?.at ?? 0;
  return `${blockDay(campaign, dayOf(firstAt))}${String(shard).padStart(5, "0")}-${String(number).padStart(9, "0")}.ndjson`;
}

/** Keeps a block in the lake, its header as the object's metadata; gives its key. Putting it twice changes nothing. */
export async function archiveBlock(env: Pick<Env, "LAKE">, block: Block): Promise<string> {
  const { prev, hash, events, campaign, shard, block: number } = block.header;
  const key = lakeKey(block);
  await env.LAKE.put(key, block.body, {
    httpMetadata: { contentType: "application/x-ndjson" },
    customMetadata: { campaign, shard: String(shard), block: String(number), prev, hash, events: String(events) },
  });
  return key;
}
