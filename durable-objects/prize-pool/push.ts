import type { CampaignRules, CardIssuerRpc, ShardMark } from "../protocol.ts";
import { eachShard } from "./each-shard.ts";

export interface PushOutcome {
  readonly reached: readonly ShardMark[];
  readonly unreached: readonly number[];
}

/** Tells every issuer the rules; one that fails does not keep the others from hearing. */
export async function pushRules(rules: CampaignRules, issuer: (shard: number) => Pick<CardIssuerRpc, "configure">): Promise<PushOutcome> {
  const reached: ShardMark[] = [];
  const unreached: number[] = [];
  await eachShard(rules.shards, async (shard) => {
    try {
      reached.push(await issuer(shard).configure({ campaign: rules.campaign, shard }, rules));
    } catch (error) {
      console.error(JSON.stringify({ message: "an issuer did not hear the rules", campaign: rules.campaign, shard, error: String(error) }));
      unreached.push(shard);
    }
  });
  return { reached: reached.toSorted((a, b) => a.shard - b.shard), unreached };
}
