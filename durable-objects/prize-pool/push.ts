import type { CampaignRules, CardIssuerRpc, ShardMark } from "../protocol.ts";

/** Issuers told at a time: enough to reach 512 of them in a few round trips. */
const PUSH_CONCURRENCY = 64;

export interface PushOutcome {
  readonly reached: readonly ShardMark[];
  readonly unreached: readonly number[];
}

/** Tells every issuer the rules; one that fails does not keep the others from hearing. */
export async function pushRules(rules: CampaignRules, issuer: (shard: number) => CardIssuerRpc): Promise<PushOutcome> {
  const reached: ShardMark[] = [];
  const unreached: number[] = [];
  for (let first = 0; first < rules.shards; first += PUSH_CONCURRENCY) {
    const shards = Array.from({ length: Math.min(PUSH_CONCURRENCY, rules.shards - first) }, (_, i) => first + i);
    const outcomes = await Promise.allSettled(shards.map((shard) => issuer(shard).configure({ campaign: rules.campaign, shard }, rules)));
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") reached.push(outcome.value);
      else unreached.push(first + i);
    }
  }
  return { reached, unreached };
}
