import { MAX_HELD_CARDS } from "../../../durable-objects/protocol.ts";
import type { HeldCard, PrizeKind, ShardAddress } from "../../../durable-objects/protocol.ts";
import { insertRewards, upsertCards } from "../apply.ts";
import { UNKNOWN_HASH } from "../chain.ts";
import type { FoldedReward } from "../fold.ts";
import { MADE_AGAIN } from "../held-rewards.ts";
import type { Part } from "../ledgers.ts";
import { cardOf } from "../reconcile/expected-card.ts";
import type { ComparedCard } from "../reconcile/expected-card.ts";
import { askIssuer, askPool } from "./ask-issuer.ts";
import type { StepPlan } from "./step.ts";
import type { RebuildCursor } from "./under-way.ts";

/**
 * Takes in the next cards of an issuer, each of those of its events that the ledger had confirmed, in whatever order: the others still come in blocks, and
 * count then. Should the ledger's last confirmations arrive while a shard is read, it is read once more.
 */
export async function fromIssuers(
  env: Env,
  { ledger, ledgers }: Part,
  campaign: string,
  cursor: Extract<RebuildCursor, { phase: "issuers" }>,
  nowMs: number,
): Promise<StepPlan> {
  const rules = await askPool(env, campaign);
  if (rules === null) throw new Error(`the pool of ${campaign} does not know its issuers`);
  if (cursor.shard >= rules.shards) return { next: { phase: "check", shard: ledger.nth, mayReadAgain: false }, statements: [] };
  const address = { campaign, shard: cursor.shard };
  const page = await askIssuer(env, address, cursor.afterSeq, MAX_HELD_CARDS);
  const first = cursor.first ?? { lastBlock: page.lastBlock, kept: [...page.keptBlocks] };
  const confirmed = page.cards.map((held) => rebuilt(address, held)).filter(({ card }) => card.version > 0);
  const rewards = confirmed.flatMap(rewardOf);
  const statements = [
    ...(confirmed.length === 0
      ? []
      : upsertCards(
          ledger,
          confirmed.map(({ card }) => ({ ...card, reason: null, till: null })),
        )),
    ...insertRewards(ledger, rewards, MADE_AGAIN),
  ];
  const last = page.cards.at(-1);
  if (page.cards.length === MAX_HELD_CARDS && last !== undefined) {
    return { next: { ...cursor, afterSeq: last.seq, first }, statements, cards: confirmed.length };
  }
  const kept = new Set(page.keptBlocks);
  if (!first.kept.every((block) => kept.has(block))) return { next: { ...cursor, afterSeq: 0, first: null }, statements };
  return {
    next: cursor.again
      ? { phase: "check", shard: cursor.shard, mayReadAgain: false }
      : { phase: "issuers", shard: cursor.shard + ledgers, afterSeq: 0, first: null, again: false },
    statements: [...statements, insertConfirmed(ledger, address, first, nowMs)],
    cards: confirmed.length,
    blocks: first.lastBlock - first.kept.length,
  };
}

interface RebuiltCard {
  readonly card: ComparedCard;
  readonly kind: PrizeKind;
  /** The draw's, though the ledger may not have that yet. */
  readonly recipient: string | null;
}

function rebuilt({ campaign, shard }: ShardAddress, held: HeldCard): RebuiltCard {
  const onTheWay = new Set(held.onTheWay);
  return { card: cardOf(campaign, shard, held, (version) => !onTheWay.has(version)), kind: held.kind, recipient: held.recipient };
}

/** What was promised with the card's redemption. */
function rewardOf({ card, kind, recipient }: RebuiltCard): FoldedReward[] {
  const { campaign, prize, lineUser, redeemedAt } = card;
  if (redeemedAt === null || lineUser === null || kind === "none") return [];
  return [{ card: card.card, campaign, prize, kind, lineUser, recipient, at: redeemedAt }];
}

/** The numbers that the issuer does not keep any more, for the ledger has confirmed them. Their hashes it has forgotten. */
function insertConfirmed(
  { LEDGER }: Pick<Env, "LEDGER">,
  { campaign, shard }: ShardAddress,
  { lastBlock, kept }: { readonly lastBlock: number; readonly kept: readonly number[] },
  nowMs: number,
): D1PreparedStatement {
  return LEDGER.prepare(
    `WITH RECURSIVE numbers (block) AS (SELECT 1 WHERE ?3 > 0 UNION ALL SELECT block + 1 FROM numbers WHERE block < ?3)
     INSERT OR IGNORE INTO blocks (campaign, shard, block, prev, hash, events, settled_at)
     SELECT ?1, ?2, block, NULL, ?5, 0, ?6 FROM numbers WHERE block NOT IN (SELECT value FROM json_each(?4))`,
  ).bind(campaign, shard, lastBlock, JSON.stringify(kept), UNKNOWN_HASH, nowMs);
}
