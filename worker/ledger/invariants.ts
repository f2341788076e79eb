import type { CardState, PoolStock, PrizeKind, ShardTally } from "../../durable-objects/protocol.ts";
import { cardIssuer, prizePool } from "../objects.ts";
import type { ChainFault } from "./chain-faults.ts";
import { standingDifferences } from "./reconcile/differences.ts";
import type { StandingDifference } from "./reconcile/differences.ts";
import type { MissingBlock } from "./missing-blocks.ts";
import { rebuildOf } from "./rebuild/under-way.ts";
import type { RebuildSource } from "./rebuild/under-way.ts";
import { allFaults, allMissing, countedBlocks, countedCards, countedHeld, countedRewards } from "./spanning.ts";

/** Issuers asked at a time. */
const TALLY_CONCURRENCY = 32;

/** One prize of a campaign, counted in every place that knows of it. */
interface PrizeBalance {
  readonly prize: string;
  readonly kind: PrizeKind;
  /** Cards in all segments; 0 for a prize that is only a fallback. */
  readonly loaded: number;
  /** In the pool, not handed to an issuer. */
  readonly unleased: number;
  /** Held by issuers, not issued. */
  readonly held: number;
  /** Issued from stock and as fallback, whatever became of them since; those whose place is stock again are counted apart. */
  readonly issued: number;
  /** Of those from stock, the voided and expired ones whose place is not stock again. */
  readonly voidedKept: number;
  readonly expiredKept: number;
  readonly returned: number;
  readonly issuedAsFallback: number;
  readonly redeemed: number;
  /** The same two, as the ledger has them. */
  readonly settledIssued: number;
  readonly settledRedeemed: number;
  readonly rewards: { readonly granted: number; readonly pending: number; readonly failed: number };
}

export interface Invariants {
  readonly campaign: string;
  readonly prizes: readonly PrizeBalance[];
  /** Blocks and events on their way to the ledger: while there are any, the ledger may lag. */
  readonly unsettled: { readonly blocks: number; readonly events: number };
  /** Blocks that the ledger has not got though it has later ones: they are being looked for, or lost. */
  readonly missing: readonly MissingBlock[];
  /** Where the chain of blocks does not hold. */
  readonly chainFaults: readonly ChainFault[];
  /** Cards in which the ledger differs from their issuer, as the scheduled reconciliation found them. */
  readonly cardDifferences: readonly StandingDifference[];
  /** Rewards that may have been granted, as far as is known, and that nobody is asked for until an operator has said so. */
  readonly heldRewards: number;
  /** The rebuild of its ledger that is under way: until it is done, the ledger is not whole. */
  readonly rebuild: { readonly from: RebuildSource; readonly startedAt: number } | null;
  /** What does not hold, in words; empty when everything does. */
  readonly differences: readonly string[];
}

const REDEEMED_STATES: readonly CardState[] = ["redeemed", "used"];

/** Counts a campaign's cards in the pool, the issuers and the ledger, and compares. Null for an unknown campaign. */
export async function invariants(env: Env, campaign: string): Promise<Invariants | null> {
  const stock = await prizePool(env, campaign).stock(campaign);
  if (stock === null) return null;
  const tallies: ShardTally[] = [];
  for (let first = 0; first < stock.rules.shards; first += TALLY_CONCURRENCY) {
    const shards = Array.from({ length: Math.min(TALLY_CONCURRENCY, stock.rules.shards - first) }, (_, i) => first + i);
    tallies.push(...(await Promise.all(shards.map((shard) => cardIssuer(env, { campaign, shard }).tally({ campaign, shard })))));
  }
  const [settledCards, rewards, settledBlocks, missing, chainFaults, cardDifferences, heldRewards, rebuild] = await Promise.all([
    countedCards(env, campaign),
    countedRewards(env, campaign),
    countedBlocks(env, campaign),
    allMissing(env, campaign),
    allFaults(env, campaign, Date.now()),
    standingDifferences(env, campaign),
    countedHeld(env, campaign),
    rebuildOf(env, campaign),
  ]);

  const issuedCards = tallies.flatMap(({ cards }) => cards);
  const sum = <Row extends { readonly prize: string; readonly count: number }>(
    rows: readonly Row[],
    prize: string,
    keep: (row: Row) => boolean,
  ): number => rows.reduce((total, row) => (row.prize === prize && keep(row) ? total + row.count : total), 0);
  const prizes = Object.entries(stock.rules.prizes).map(([prize, kind]): PrizeBalance => {
    const loaded = stock.prizes.find((row) => row.prize === prize);
    return {
      prize,
      kind,
      loaded: loaded?.loaded ?? 0,
      unleased: loaded?.unleased ?? 0,
      held: tallies.reduce((total, tally) => total + heldOf(tally, prize, stock), 0),
      issued: sum(issuedCards, prize, ({ fallback, returned }) => !fallback && !returned),
      voidedKept: sum(issuedCards, prize, ({ fallback, returned, state }) => !fallback && !returned && state === "voided"),
      expiredKept: sum(issuedCards, prize, ({ fallback, returned, state }) => !fallback && !returned && state === "expired"),
      returned: sum(issuedCards, prize, ({ returned }) => returned),
      issuedAsFallback: sum(issuedCards, prize, ({ fallback }) => fallback),
      redeemed: sum(issuedCards, prize, ({ state }) => REDEEMED_STATES.includes(state)),
      settledIssued: sum(settledCards, prize, () => true),
      settledRedeemed: sum(settledCards, prize, ({ state }) => REDEEMED_STATES.includes(state)),
      rewards: {
        granted: sum(rewards, prize, ({ status }) => status === "granted"),
        pending: sum(rewards, prize, ({ status }) => status === "pending"),
        failed: sum(rewards, prize, ({ status }) => status === "failed"),
      },
    };
  });
  const unsettled = {
    blocks: tallies.reduce((total, { unsettledBlocks }) => total + unsettledBlocks, 0),
    events: tallies.reduce((total, { unpackedEvents }) => total + unpackedEvents, 0),
  };
  const settled = unsettled.blocks === 0 && unsettled.events === 0 && rebuild === null;
  const differences = [
    ...(rebuild === null ? [] : [`the ledger is being rebuilt from the ${rebuild.source}, and is not whole`]),
    ...prizes.flatMap((prize) => compare(prize, settled)),
    ...(rebuild === null ? compareBlocks(tallies, settledBlocks) : []),
    ...missing.flatMap(describeLost),
    ...chainFaults.map(describeFault),
    ...(heldRewards === 0 ? [] : [`rewards that are held, for it is not known whether they were granted: ${heldRewards}`]),
    ...cardDifferences.map(({ card, faults }) => `card ${card}: ${faults.join("; ")}`),
  ];
  return {
    campaign,
    prizes,
    unsettled,
    missing,
    chainFaults,
    cardDifferences,
    heldRewards,
    rebuild: rebuild === null ? null : { from: rebuild.source, startedAt: rebuild.startedAt },
    differences,
  };
}

/** Blocks of a shard that has none on their way must all be in the ledger, where more may have come meanwhile. */
function compareBlocks(tallies: readonly ShardTally[], settled: ReadonlyMap<number, number>): string[] {
  return tallies.flatMap(({ shard, unsettledBlocks, lastBlock }) => {
    const inLedger = settled.get(shard) ?? 0;
    return unsettledBlocks > 0 || lastBlock <= inLedger
      ? []
      : [`shard ${shard}: blocks acknowledged = in the ledger: ${lastBlock} ≠ ${inLedger}`];
  });
}

function describeLost({ shard, block, lostAt }: MissingBlock): string[] {
  return lostAt === null ? [] : [`shard ${shard}, block ${block}: lost: neither the ledger, its issuer nor the lake has it`];
}

function describeFault({ shard, block, kind }: ChainFault): string {
  const place = `shard ${shard}, block ${block}`;
  switch (kind) {
    case "broken":
      return `${place}: not applied, for it is not chained to the blocks beside it`;
    case "other_content":
      return `${place}: came a second time, with other content, which was not applied`;
    case "altered":
      return `${place}: in the ledger, but not chained to the block before it`;
  }
}

/** Cards that an issuer holds, in leases or in givebacks that the pool has not taken yet. */
function heldOf({ shard, held, givebacks }: ShardTally, prize: string, { taken }: PoolStock): number {
  const last = taken.find((row) => row.shard === shard)?.giveback ?? 0;
  return givebacks.reduce((total, { giveback, cards }) => (giveback > last ? total + (cards[prize] ?? 0) : total), held[prize] ?? 0);
}

/** What is wrong with one prize's balance. The ledger is held against the issuers only when nothing is on its way. */
function compare(prize: PrizeBalance, settled: boolean): string[] {
  const { loaded, unleased, held, issued, returned, issuedAsFallback, redeemed, settledIssued, settledRedeemed, rewards, kind } = prize;
  const differences: string[] = [];
  const expect = (what: string, a: number, b: number) => {
    if (a !== b) differences.push(`${prize.prize}: ${what}: ${a} ≠ ${b}`);
  };
  expect("loaded = unleased + held + issued", loaded, unleased + held + issued);
  if (settled) {
    expect("issued by the issuers = in the ledger", issued + returned + issuedAsFallback, settledIssued);
    expect("redeemed at the issuers = in the ledger", redeemed, settledRedeemed);
    if (kind !== "none")
      expect("redeemed = granted + pending + failed", settledRedeemed, rewards.granted + rewards.pending + rewards.failed);
  }
  return differences;
}
