import { decodeBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import { cardIssuer } from "../objects.ts";
import { isLocal } from "../rewards/local.ts";
import { sendRewards } from "../rewards/message.ts";
import type { RewardRef } from "../rewards/message.ts";
import { announceFeeds, feedBlocks, feedsWritten } from "../webhooks/feed.ts";
import { byIssuer, insertBlocks, surroundings } from "./blocks.ts";
import { checkBlocks } from "./chain.ts";
import type { BlockPlace, CheckedBlocks } from "./chain.ts";
import { acceptedHashes, recordRefused } from "./chain-faults.ts";
import { addCounters, insertRewards, upsertCards } from "./apply.ts";
import { foldBlocks } from "./fold.ts";
import type { Due } from "./held-rewards.ts";
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
 * A block that does not fit the chain of its shard is not applied: it is recorded, and stays with its issuer. So does one of a ledger that is being rebuilt.
 * `due`: when rewards are, if not at once.
 */
export async function settleBlocks(env: Env, blocks: readonly Block[], due?: Due): Promise<void> {
  const { fresh, settled, refused } = await checkAgainstLedger(env, blocks);
  const [{ rewards, feeds }] = await Promise.all([applyBlocks(env, fresh, due), recordRefused(env, refused, Date.now())]);
  const inLedger = [...fresh.map(({ header }) => header), ...settled];
  // One that fails holds up none of the others.
  await Promise.all([sendRewards(env, rewards), announceFeeds(env, feeds), acknowledge(env, inLedger)]);
}

async function checkAgainstLedger(env: Env, arrived: readonly Block[]): Promise<CheckedBlocks> {
  if (arrived.length === 0) return { fresh: [], settled: [], refused: [] };
  const { settled, rebuilt } = await surroundings(
    env,
    arrived.map(({ header }) => header),
  );
  const blocks = arrived.filter(({ header }) => !rebuilt.has(header.campaign));
  const checked = checkBlocks(blocks, settled, () => false);
  if (!checked.refused.some(({ kind }) => kind === "broken")) return checked;
  const accepted = await acceptedHashes(
    env,
    blocks.map(({ header }) => header),
  );
  return accepted.size === 0 ? checked : checkBlocks(blocks, settled, ({ hash }) => accepted.has(hash));
}

interface Applied {
  /** Those that wait for a provider. */
  readonly rewards: readonly RewardRef[];
  /** What partners are to be told of. */
  readonly feeds: readonly number[];
}

/** Archives blocks and applies them in one D1 transaction. */
async function applyBlocks(env: Env, fresh: readonly Block[], due?: Due): Promise<Applied> {
  if (fresh.length === 0) return { rewards: [], feeds: [] };
  const archived = await Promise.all(fresh.map(async (block) => ({ block, key: await archiveBlock(env, block) })));
  const folded = foldBlocks(fresh);
  const nowMs = Date.now();
  const feed = await feedBlocks(env, archived, nowMs);
  const results = await env.LEDGER.batch([
    ...feed,
    insertBlocks(env, fresh, nowMs),
    upsertCards(env, folded.cards),
    ...(folded.rewards.length === 0 ? [] : [insertRewards(env, folded.rewards, due ?? { atMs: nowMs, why: null })]),
    addCounters(env, folded.counters),
  ]);
  const rewards = folded.rewards.filter(({ kind }) => !isLocal(kind)).map(({ card, campaign }) => ({ card, campaign }));
  return { rewards, feeds: feedsWritten(results.slice(0, feed.length)) };
}

/** Tells each issuer which of its blocks the ledger has: settled now or before, so that a lost acknowledgement is mended by the next sending. */
async function acknowledge(env: Env, settled: readonly BlockPlace[]): Promise<void> {
  await Promise.all(byIssuer(settled).map(({ address, blocks }) => cardIssuer(env, address).acknowledge(address, blocks)));
}
