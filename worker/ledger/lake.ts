import { createHash } from "node:crypto";
import { blockEvents, hashBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import type { BlockPlace } from "./chain.ts";
import { isIn } from "./ledgers.ts";
import type { Part } from "./ledgers.ts";

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
  const firstAt = blockEvents(block)[0]?.at ?? 0;
  return blockDay(block.header.campaign, dayOf(firstAt)) + blockName(block.header);
}

function blockName({ shard, block }: BlockPlace): string {
  return `${String(shard).padStart(5, "0")}-${String(block).padStart(9, "0")}.ndjson`;
}

/** Keeps lines of NDJSON in the lake. Putting them twice changes nothing. */
export async function putLines(
  { LAKE }: Pick<Env, "LAKE">,
  key: string,
  lines: string,
  customMetadata: Record<string, string> = {},
): Promise<void> {
  await LAKE.put(key, lines, { httpMetadata: { contentType: "application/x-ndjson" }, customMetadata });
}

/** Keeps a block in the lake, its header as the object's metadata; gives its key. Putting it twice changes nothing. */
export async function archiveBlock(env: Pick<Env, "LAKE">, block: Block): Promise<string> {
  const { prev, hash, events, campaign, shard, block: number } = block.header;
  const key = lakeKey(block);
  await putLines(env, key, block.body, { campaign, shard: String(shard), block: String(number), prev, hash, events: String(events) });
  return key;
}

/** The days of which the lake has blocks of a campaign, as `blockDay` names them, latest first. A list holds a thousand: more than campaigns last. */
export async function campaignDays(env: Pick<Env, "LAKE">, campaign: string): Promise<string[]> {
  const { delimitedPrefixes } = await env.LAKE.list({ prefix: `lake/${campaign}/`, delimiter: "/" });
  return delimitedPrefixes.toSorted().toReversed();
}

/** A block from the lake, on whichever of these days it lies; null where there is none, or none that is as it was written. */
export async function readBlock(env: Pick<Env, "LAKE">, place: BlockPlace, days: readonly string[]): Promise<Block | null> {
  for (const day of days) {
    const object = await env.LAKE.get(day + blockName(place));
    const block = object === null ? null : await openBlock(object, place);
    if (block !== null) return block;
  }
  return null;
}

/** The block of an object, or null, and a word in the log, where it is not as it was written, or another's: the hash does not tell whose it is. */
async function openBlock(object: R2ObjectBody, { campaign, shard, block }: BlockPlace): Promise<Block | null> {
  const { prev = "", hash = "", events, ...named } = object.customMetadata ?? {};
  const body = await object.text();
  const isThere = named["campaign"] === campaign && named["shard"] === String(shard) && named["block"] === String(block);
  if (isThere && hashBlock(prev, body) === hash) return { header: { campaign, shard, block, prev, hash, events: Number(events) }, body };
  console.error(JSON.stringify({ message: "a block in the lake is not as it was written", campaign, shard, block }));
  return null;
}

const BLOCK_NAME = /\/(\d{5})-(\d{9})\.ndjson$/;

export interface LakeBlocks {
  readonly blocks: readonly Block[];
  /** Keys of objects that are not as they were written. */
  readonly damaged: readonly string[];
  /** Key of the last object looked at; null: there are none after `after`. */
  readonly last: string | null;
}

/** What R2 lists at once. */
const MAX_LISTED = 1_000;

/** The next blocks in the lake of what of a campaign is in one ledger, in the order of their keys: days, and in them shards. */
export async function blocksAfter(
  { LAKE }: Pick<Env, "LAKE">,
  campaign: string,
  part: Part,
  after: string,
  limit: number,
): Promise<LakeBlocks> {
  const listed = Math.min(MAX_LISTED, limit * part.ledgers);
  const { objects } = await LAKE.list({ prefix: `lake/${campaign}/`, startAfter: after, limit: listed });
  const named = objects.map(({ key }) => {
    const [, shard = "0", block] = BLOCK_NAME.exec(key) ?? [];
    return { key, shard: Number(shard), block: block === undefined ? null : Number(block) };
  });
  const own = named.filter(({ shard }) => isIn(part, shard)).slice(0, limit);
  const read = await Promise.all(
    own.map(async ({ key, shard, block }) => {
      const object = block === null ? null : await LAKE.get(key);
      return object === null || block === null ? null : openBlock(object, { campaign, shard, block });
    }),
  );
  const damaged = own.flatMap(({ key }, i) => (read[i] === null ? [key] : []));
  const last = (own.length === limit ? own : objects).at(-1)?.key ?? null;
  return { blocks: read.filter((block) => block !== null), damaged, last };
}

/** An object of the lake. */
export interface LakeLines {
  readonly key: string;
  readonly lines: string;
}

/** What the names of objects have of their lines: 64 bits of SHA-256, hex. */
export function linesHash(lines: string): string {
  return createHash("sha256").update(lines).digest("hex").slice(0, 16);
}

/** The next object below `prefix`, and what is in it; null after the last. */
export async function linesAfter({ LAKE }: Pick<Env, "LAKE">, prefix: string, after: string): Promise<LakeLines | null> {
  const [next] = (await LAKE.list({ prefix, startAfter: after, limit: 1 })).objects;
  if (next === undefined) return null;
  return { key: next.key, lines: (await (await LAKE.get(next.key))?.text()) ?? "" };
}
