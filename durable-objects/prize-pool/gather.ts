import type { CampaignRules, CardIssuerRpc, Giveback } from "../protocol.ts";
import { eachShard } from "./each-shard.ts";

export interface GatherDeps {
  readonly issuer: (shard: number) => Pick<CardIssuerRpc, "surrender">;
  /** Numbers of the last giveback taken, and of the last lease request granted, of each shard that has any. */
  readonly lastGivebacks: () => ReadonlyMap<number, number>;
  readonly lastRequests: () => ReadonlyMap<number, number>;
  /** Stores what came back; returns the number of cards. */
  readonly take: (shard: number, givebacks: readonly Giveback[]) => number;
}

export interface Gathered {
  /** Cards that came back. */
  readonly cards: number;
  /** Every issuer answered, and none waits for a lease that was granted: what did not come back is issued. */
  readonly settled: boolean;
}

/** Asks every issuer for the stock that it does not need at once. Asked again, an issuer answers what it answered, until it hears that it was taken. */
export async function gatherStock({ campaign, shards }: CampaignRules, deps: GatherDeps): Promise<Gathered> {
  const taken = deps.lastGivebacks();
  const granted = deps.lastRequests();
  let cards = 0;
  let settled = true;
  await eachShard(shards, async (shard) => {
    try {
      const command = { campaign, shard, taken: taken.get(shard) ?? 0, granted: granted.get(shard) ?? 0 };
      const reply = await deps.issuer(shard).surrender(command);
      cards += deps.take(shard, reply.givebacks);
      settled &&= reply.settled;
    } catch (error) {
      console.error(JSON.stringify({ message: "an issuer could not be asked for its stock", campaign, shard, error: String(error) }));
      settled = false;
    }
  });
  return { cards, settled };
}
