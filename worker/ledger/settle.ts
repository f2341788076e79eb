import { decodeBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import { cardIssuer } from "../objects.ts";
import { isLocal } from "../rewards/local.ts";
import { sendRewards } from "../rewards/message.ts";
import type { RewardRef } from "../rewards/message.ts";
import { announceFeeds, feedBlocks, feedsWritten } from "../webhooks/feed.ts";
import { byIssuer, insertBlocks, settledBeside } from "./blocks.ts";
import { checkBlocks } from "./chain.ts";
import type { BlockPlace, CheckedBlocks } from "./chain.ts";
import { acceptedHashes, recordRefused } from "./chain-faults.ts";
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
    await settleBlocks(env, blocks);
    batch.ackAll();
  } catch (error) {
    console.error(JSON.stringify({ message: "settling failed", blocks: blocks.length, error: String(error) }));
    batch.retryAll({ delaySeconds: RETRY_DELAY_S });
  }
}

/**
 * Settles those of the blocks that are not settled yet, acknowledges to their issuers what the ledger has, sends rewards on and announces partners' news.
 * A block that does not fit the chain of its shard is not applied: it is recorded, and stays with its issuer.
 */
export async function settleBlocks(env: Env, blocks: readonly Block[]): Promise<void> {
  const { fresh, settled, refused } = await checkAgainstLedger(env, blocks);
  const [{ rewards, feeds }] = await Promise.all([applyBlocks(env, fresh), recordRefused(env, refused, Date.now())]);
  const inLedger = [...fresh.map(({ header }) => header), ...settled];
  // One that fails holds up none of the others.
  await Promise.all([sendRewards(env, rewards), announceFeeds(env, feeds), acknowledge(env, inLedger)]);
}

async function checkAgainstLedger(env: Env, blocks: readonly Block[]): Promise<CheckedBlocks> {
  if (blocks.length === 0) return { fresh: [], settled: [], refused: [] };
  const headers = blocks.map(({ header }) => header);
  const ledger = await settledBeside(env, headers);
  const checked = checkBlocks(blocks, ledger, () => false);
  if (!checked.refused.some(({ kind }) => kind === "broken")) return checked;
  const accepted = await acceptedHashes(env, headers);
  return accepted.size === 0 ? checked : checkBlocks(blocks, ledger, ({ hash }) => accepted.has(hash));
}

interface Applied {
  /** Those that wait for a provider. */
  readonly rewards: readonly RewardRef[];
  /** What partners are to be told of. */
  readonly feeds: readonly number[];
}

/** Archives blocks and applies them in one D1 transaction. */
async function applyBlocks(env: Env, fresh: readonly Block[]): Promise<Applied> {
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
async function acknowledge(env: Env, settled: readonly BlockPlace[]): Promise<void> {
  await Promise.all(byIssuer(settled).map(({ address, blocks }) => cardIssuer(env, address).acknowledge(address, blocks)));
}
