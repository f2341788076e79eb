import { shardOfCardId } from "../../durable-objects/card-id.ts";
import type { ShardAddress } from "../../durable-objects/protocol.ts";
import { campaignSnapshot } from "../campaign/snapshot.ts";
import { Memo } from "../memo.ts";
import { prizePool } from "../objects.ts";

/**
 * One of the deployment's D1 databases. Each holds what has settled in it; the first is the register besides: campaigns, partners, keys, endpoints, uploads, the
 * audit, and what the schedule keeps of a campaign as a whole.
 */
export interface Ledger {
  readonly LEDGER: D1Database;
  /** From 0, which is the register's. */
  readonly nth: number;
}

/** What of a campaign is in one of its ledgers: the shards `s` of which `s mod ledgers` is the ledger's place. */
export interface Part {
  readonly ledger: Ledger;
  /** Of the campaign. */
  readonly ledgers: number;
}

export function isIn({ ledger, ledgers }: Part, shard: number): boolean {
  return shard % ledgers === ledger.nth;
}

/** What says how many ledgers a campaign has. */
export type Knowing = Pick<Env, "LEDGER" | "CONFIG" | "PRIZE_POOL">;

/** All ledgers: `LEDGER`, and then `LEDGER_2`, `LEDGER_3`, … as far as they are bound without a gap. */
export function boundLedgers(env: Pick<Env, "LEDGER">): readonly [Ledger, ...Ledger[]] {
  const ledgers: [Ledger, ...Ledger[]] = [{ LEDGER: env.LEDGER, nth: 0 }];
  for (;;) {
    const further: unknown = Reflect.get(env, `LEDGER_${ledgers.length + 1}`);
    if (further === undefined) return ledgers;
    ledgers.push({ LEDGER: further as D1Database, nth: ledgers.length });
  }
}

/** The ledger that is the register. */
export function register(env: Pick<Env, "LEDGER">): Ledger {
  return boundLedgers(env)[0];
}

/** The ledgers in which a campaign's cards settle: shard `s` in the one at `s mod length`. Rejects where fewer are bound: a part of them is not the campaign. */
export async function ledgersOf(env: Knowing, campaign: string): Promise<readonly [Ledger, ...Ledger[]]> {
  const bound = boundLedgers(env);
  const ledgers = bound.length === 1 ? await countWhereOneIsBound(env, campaign) : await countLedgers(env, campaign);
  if (ledgers > bound.length) throw new Error(`${campaign} settles in ${ledgers} ledgers, of which ${bound.length} are bound`);
  const [first, ...further] = bound;
  return [first, ...further.slice(0, ledgers - 1)];
}

/** The ledger in which a shard of a campaign settles. */
export async function ledgerOf(env: Knowing, { campaign, shard }: ShardAddress): Promise<Ledger> {
  return ofShard(await ledgersOf(env, campaign), shard);
}

/** The one, of a campaign's ledgers, in which a shard of it settles. */
export function ofShard(ledgers: readonly [Ledger, ...Ledger[]], shard: number): Ledger {
  return ledgers[shard % ledgers.length] ?? ledgers[0];
}

/** Which shard a card has settled from, as its id says; what is no id of ours is looked for where shard 0 settles. */
export function addressOfCard({ campaign, card }: { readonly campaign: string; readonly card: string }): ShardAddress {
  return { campaign, shard: shardOfCardId(card) ?? 0 };
}

/** What of some things belongs to one ledger. */
export interface Share<Thing> {
  readonly ledger: Ledger;
  readonly things: readonly Thing[];
}

/** Things of whatever campaigns and shards, ledger by ledger; in each they keep their order. */
export async function byLedger<Thing>(
  env: Knowing,
  things: readonly Thing[],
  addressOf: (thing: Thing) => ShardAddress,
): Promise<Share<Thing>[]> {
  const campaigns = [...new Set(things.map((thing) => addressOf(thing).campaign))];
  const known = new Map(await Promise.all(campaigns.map(async (campaign) => [campaign, await ledgersOf(env, campaign)] as const)));
  const placed = things.map((thing) => {
    const { campaign, shard } = addressOf(thing);
    return { thing, ledger: ofShard(known.get(campaign) ?? [register(env)], shard) };
  });
  return [...Map.groupBy(placed, ({ ledger }) => ledger.nth).values()].flatMap((share) => {
    const [first] = share;
    return first === undefined ? [] : [{ ledger: first.ledger, things: share.map(({ thing }) => thing) }];
  });
}

/** Does the same with each; one that fails holds up no other. Rejects, when all are done, with the first failure. */
export async function inEach<Of, Result>(all: readonly Of[], work: (one: Of) => Promise<Result>): Promise<Result[]> {
  const done = await Promise.allSettled(all.map(async (one) => work(one)));
  return done.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

/** Of campaigns that have been opened, and of those that are in one ledger where one is bound, for there none of more is published: it never changes again. */
const fixed = new Memo<number>(1_000);

/** Nobody but the register is asked, and once for a campaign: it is the only ledger, unless the bindings of others are gone. */
async function countWhereOneIsBound(env: Knowing, campaign: string): Promise<number> {
  const ledgers = fixed.get(campaign, 0) ?? (await registeredCount(env, campaign));
  return ledgers === 1 ? fixed.set(campaign, ledgers, Number.POSITIVE_INFINITY) : ledgers;
}

/**
 * As the published snapshot says once the campaign has been opened; until it does, the pool is asked, which fixes the number. The register is asked for a
 * campaign that has no pool any more: that one ledger is away keeps no other from being settled.
 */
async function countLedgers(env: Knowing, campaign: string): Promise<number> {
  const known = fixed.get(campaign, 0) ?? (await publishedCount(env, campaign));
  if (known !== null) return fixed.set(campaign, known, Number.POSITIVE_INFINITY);
  const rules = await prizePool(env, campaign).rules(campaign);
  if (rules === null) return registeredCount(env, campaign);
  return rules.status === "draft" ? rules.ledgers : fixed.set(campaign, rules.ledgers, Number.POSITIVE_INFINITY);
}

async function publishedCount(env: Pick<Env, "CONFIG">, campaign: string): Promise<number | null> {
  try {
    return (await campaignSnapshot(env, campaign))?.ledgers ?? null;
  } catch {
    return null;
  }
}

async function registeredCount({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): Promise<number> {
  const query = "SELECT ledgers FROM campaigns WHERE campaign = ?";
  const { results } = await LEDGER.prepare(query).bind(campaign).all<{ ledgers: number }>();
  return results[0]?.ledgers ?? 1;
}
