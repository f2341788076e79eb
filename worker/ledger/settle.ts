import { decodeBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import { issuerName } from "../../durable-objects/protocol.ts";
import type { ShardAddress } from "../../durable-objects/protocol.ts";
import { cardIssuer } from "../objects.ts";
import { isLocal } from "../rewards/local.ts";
import { sendRewards } from "../rewards/message.ts";
import type { RewardRef } from "../rewards/message.ts";
import { announceFeeds, feedBlocks, feedsWritten } from "../webhooks/feed.ts";
import { foldBlocks } from "./fold.ts";
import type { Folded } from "./fold.ts";
import { archiveBlock } from "./lake.ts";

/** A batch that could not be settled comes back after this; the issuers would send its blocks again anyway. */
const RETRY_DELAY_S = 5;

/**
 * Consumer of `card-events`. Each message is a block; a block is applied once, whatever is doubled, lost or out of order:
 * archive it in the lake, apply it to D1 in one transaction together with its number, acknowledge it to its issuer, send its rewards on, and announce it to partners that listen.
 */
export async function consumeCardEvents(batch: MessageBatch, env: Env): Promise<void> {
  const blocks: Block[] = [];
  for (const message of batch.messages) {
    const block = message.body instanceof ArrayBuffer ? decodeBlock(new Uint8Array(message.body)) : null;
    if (block === null)
      console.error(JSON.stringify({ message: "a block arrived damaged; its issuer will send it again", id: message.id }));
    else blocks.push(block);
  }
  try {
    const { rewards, feeds } = await settleBlocks(env, blocks);
    // One that fails holds up none of the others.
    await Promise.all([sendRewards(env, rewards), announceFeeds(env, feeds), acknowledge(env, blocks)]);
    batch.ackAll();
  } catch (error) {
    console.error(JSON.stringify({ message: "settling failed", blocks: blocks.length, error: String(error) }));
    batch.retryAll({ delaySeconds: RETRY_DELAY_S });
  }
}

interface Settled {
  /** Those that wait for a provider. */
  readonly rewards: readonly RewardRef[];
  /** What partners are to be told of. */
  readonly feeds: readonly number[];
}

/** Applies those of the blocks that are not applied yet, in one D1 transaction. */
async function settleBlocks(env: Env, blocks: readonly Block[]): Promise<Settled> {
  const fresh = await withoutSettled(env, blocks);
  if (fresh.length === 0) return { rewards: [], feeds: [] };
  const archived = await Promise.all(fresh.map(async (block) => ({ block, key: await archiveBlock(env, block) })));
  const folded = foldBlocks(fresh);
  const nowMs = Date.now();
  const feed = await feedBlocks(env, archived, nowMs);
  const results = await env.LEDGER.batch([
    ...feed,
    insertBlocks(env, fresh, nowMs),
    upsertCards(env, folded),
    ...(folded.rewards.length === 0 ? [] : [insertRewards(env, folded, nowMs)]),
    addCounters(env, folded),
  ]);
  const rewards = folded.rewards.filter(({ kind }) => !isLocal(kind)).map(({ card, campaign }) => ({ card, campaign }));
  return { rewards, feeds: feedsWritten(results.slice(0, feed.length)) };
}

async function withoutSettled(env: Env, blocks: readonly Block[]): Promise<Block[]> {
  const unique = new Map(blocks.map((block) => [blockKey(block.header), block]));
  if (unique.size === 0) return [];
  const keys = JSON.stringify([...unique.values()].map(({ header }) => [header.campaign, header.shard, header.block]));
  const { results } = await env.LEDGER.prepare(
    `SELECT campaign, shard, block, hash FROM blocks
     WHERE (campaign, shard, block) IN (SELECT value->>0, value->>1, value->>2 FROM json_each(?))`,
  )
    .bind(keys)
    .all<{ campaign: string; shard: number; block: number; hash: string }>();
  for (const row of results) {
    const key = blockKey(row);
    if (unique.get(key)?.header.hash !== row.hash) {
      console.error(
        JSON.stringify({
          message: "a block was settled before with other content",
          campaign: row.campaign,
          shard: row.shard,
          block: row.block,
        }),
      );
    }
    unique.delete(key);
  }
  return [...unique.values()];
}

function blockKey({ campaign, shard, block }: { campaign: string; shard: number; block: number }): string {
  return `${campaign}/${shard}/${block}`;
}

/** A block number that is already there aborts the transaction: nothing is applied twice even when two consumers race. */
function insertBlocks(env: Env, blocks: readonly Block[], nowMs: number): D1PreparedStatement {
  const rows = blocks.map(({ header }) => [header.campaign, header.shard, header.block, header.hash, header.events]);
  return env.LEDGER.prepare(
    `INSERT INTO blocks (campaign, shard, block, hash, events, settled_at)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, ?2 FROM json_each(?1)`,
  ).bind(JSON.stringify(rows), nowMs);
}

function upsertCards(env: Env, { cards }: Folded): D1PreparedStatement {
  const rows = cards.map((c) => [
    c.card,
    c.campaign,
    c.shard,
    c.version,
    c.state,
    c.prize,
    c.request,
    c.recipient,
    c.lineUser,
    c.metadata,
    c.segment,
    c.position,
    c.code,
    c.issuedAt,
    c.expiresAt,
    c.revealedAt,
    c.redeemedAt,
    c.usedAt,
    c.endedAt,
    c.reason,
    c.store,
    c.till,
    c.returned,
  ]);
  const said = [
    "request",
    "recipient",
    "line_user",
    "metadata",
    "segment",
    "position",
    "code",
    "issued_at",
    "expires_at",
    "revealed_at",
    "redeemed_at",
    "used_at",
    "ended_at",
    "reason",
    "store",
    "till",
    "returned",
  ];
  const columns = ["card", "campaign", "shard", "version", "state", "prize", ...said];
  return env.LEDGER.prepare(
    `INSERT INTO cards (${columns.join(", ")})
     SELECT ${columns.map((_, i) => `value->>${i}`).join(", ")} FROM json_each(?) WHERE true
     ON CONFLICT (card) DO UPDATE SET
       state = CASE WHEN excluded.version > cards.version THEN excluded.state ELSE cards.state END,
       version = max(cards.version, excluded.version),
       ${said.map((column) => `${column} = coalesce(cards.${column}, excluded.${column})`).join(", ")}`,
  ).bind(JSON.stringify(rows));
}

/** What needs no provider is granted with its settlement; the rest is pending until the agent has granted it. */
function insertRewards(env: Env, { rewards }: Folded, nowMs: number): D1PreparedStatement {
  const rows = rewards.map(({ card, campaign, prize, kind, lineUser, recipient, at }) => {
    const granted = isLocal(kind);
    return [
      card,
      campaign,
      prize,
      kind,
      lineUser,
      recipient,
      granted ? "granted" : "pending",
      at,
      granted ? at : null,
      granted ? null : nowMs,
    ];
  });
  return env.LEDGER.prepare(
    `INSERT OR IGNORE INTO rewards (card, campaign, prize, kind, line_user, recipient, status, attempts, created_at, granted_at, next_attempt_at)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, 0, value->>7, value->>8, value->>9 FROM json_each(?)`,
  ).bind(JSON.stringify(rows));
}

function addCounters(env: Env, { counters }: Folded): D1PreparedStatement {
  const rows = counters.map(({ campaign, minute, type, prize, count }) => [campaign, minute, type, prize, count]);
  return env.LEDGER.prepare(
    `INSERT INTO minute_counters (campaign, minute, type, prize, count)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
     ON CONFLICT (campaign, minute, type, prize) DO UPDATE SET count = count + excluded.count`,
  ).bind(JSON.stringify(rows));
}

/** Tells each issuer which of its blocks the ledger has: settled now or before, so that a lost acknowledgement is mended by the next sending. */
async function acknowledge(env: Env, blocks: readonly Block[]): Promise<void> {
  const byIssuer = new Map<string, { readonly address: ShardAddress; readonly numbers: number[] }>();
  for (const { header } of blocks) {
    const address = { campaign: header.campaign, shard: header.shard };
    const issuer = byIssuer.get(issuerName(address)) ?? { address, numbers: [] };
    issuer.numbers.push(header.block);
    byIssuer.set(issuerName(address), issuer);
  }
  await Promise.all([...byIssuer.values()].map(({ address, numbers }) => cardIssuer(env, address).acknowledge(address, numbers)));
}
