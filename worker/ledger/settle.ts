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
import { addCounters, insertRewards, nameFresh, upsertCards } from "./apply.ts";
import { foldBlocks } from "./fold.ts";
import type { Due } from "./held-rewards.ts";
import { archiveBlock } from "./lake.ts";
import { boundLedgers, byLedger, inEach } from "./ledgers.ts";
import type { Ledger, Share } from "./ledgers.ts";

/** A batch that could not be settled comes back after this; the issuers would send its blocks again anyway. */
const RETRY_DELAY_S = 5;

/**
 * Consumer of `card-events`. Each message is a block; a block is applied once, whatever is doubled, lost or out of order:
 * archive it in the lake, apply it to its ledger in one transaction together with its number, acknowledge it to its issuer, send its rewards on, and announce it to partners that listen.
 */
export async function consumeCardEvents(batch: MessageBatch, env: Env): Promise<void> {
  const arrived: Arrived[] = [];
  for (const message of batch.messages) {
    const block = message.body instanceof ArrayBuffer ? decodeBlock(new Uint8Array(message.body)) : null;
    if (block !== null) arrived.push({ message, block });
    else {
      console.error(JSON.stringify({ message: "a block arrived damaged; its issuer will send it again", id: message.id }));
      message.ack();
    }
  }
  try {
    const shares = await byLedger(env, arrived, ({ block }) => block.header);
    await Promise.all(shares.map(async (share) => settleShare(env, share)));
  } catch (error) {
    retry(arrived, error);
  }
}

interface Arrived {
  readonly message: Message;
  readonly block: Block;
}

/** A ledger that fails has its own messages come again, and no other's. */
async function settleShare(env: Env, { ledger, things }: Share<Arrived>): Promise<void> {
  try {
    await settleIn(
      env,
      ledger,
      things.map(({ block }) => block),
    );
    for (const { message } of things) message.ack();
  } catch (error) {
    retry(things, error);
  }
}

function retry(arrived: readonly Arrived[], error: unknown): void {
  console.error(JSON.stringify({ message: "settling failed", blocks: arrived.length, error: String(error) }));
  for (const { message } of arrived) message.retry({ delaySeconds: RETRY_DELAY_S });
}

/**
 * Settles those of the blocks that are not settled yet, acknowledges to their issuers what the ledger has, sends rewards on and announces partners' news.
 * A block that does not fit the chain of its shard is not applied: it is recorded, and stays with its issuer. So does one of a ledger that is being rebuilt.
 * `due`: when rewards are, if not at once. Where one ledger fails, the others have settled when this rejects.
 */
export async function settleBlocks(env: Env, blocks: readonly Block[], due?: Due): Promise<void> {
  const shares = await byLedger(env, blocks, ({ header }) => header);
  await inEach(shares, async ({ ledger, things }) => settleIn(env, ledger, things, due));
}

async function settleIn(env: Env, ledger: Ledger, blocks: readonly Block[], due?: Due): Promise<void> {
  const { fresh, settled, refused } = await checkAgainstLedger(ledger, blocks);
  const [{ rewards, feeds }] = await Promise.all([applyBlocks(env, ledger, fresh, due), recordRefused(ledger, refused, Date.now())]);
  const inLedger = [...fresh.map(({ header }) => header), ...settled];
  // One that fails holds up none of the others.
  await Promise.all([sendRewards(env, rewards), announceFeeds(env, ledger, feeds), acknowledge(env, inLedger)]);
}

async function checkAgainstLedger(ledger: Ledger, arrived: readonly Block[]): Promise<CheckedBlocks> {
  const { settled, rebuilt } = await surroundings(
    ledger,
    arrived.map(({ header }) => header),
  );
  const blocks = arrived.filter(({ header }) => !rebuilt.has(header.campaign));
  const checked = checkBlocks(blocks, settled, () => false);
  if (!checked.refused.some(({ kind }) => kind === "broken")) return checked;
  const accepted = await acceptedHashes(
    ledger,
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
async function applyBlocks(env: Env, ledger: Ledger, fresh: readonly Block[], due?: Due): Promise<Applied> {
  if (fresh.length === 0) return { rewards: [], feeds: [] };
  const archived = await Promise.all(fresh.map(async (block) => ({ block, key: await archiveBlock(env, block) })));
  const folded = foldBlocks(fresh);
  const rewards = folded.rewards.filter(({ kind }) => !isLocal(kind)).map(({ card, campaign }) => ({ card, campaign }));
  const nowMs = Date.now();
  const feed = await feedBlocks(env, ledger, archived, nowMs);
  const results = await ledger.LEDGER.batch([
    ...feed,
    insertBlocks(ledger, fresh, boundLedgers(env).length, nowMs),
    ...upsertCards(ledger, folded.cards),
    ...insertRewards(ledger, folded.rewards, due),
    ...(due === undefined ? nameFresh(ledger, rewards, nowMs) : []),
    addCounters(ledger, folded.counters),
  ]);
  return { rewards, feeds: feedsWritten(results.slice(0, feed.length)) };
}

/** Tells each issuer which of its blocks the ledger has: settled now or before, so that a lost acknowledgement is mended by the next sending. */
async function acknowledge(env: Env, settled: readonly BlockPlace[]): Promise<void> {
  await Promise.all(byIssuer(settled).map(({ address, blocks }) => cardIssuer(env, address).acknowledge(address, blocks)));
}
