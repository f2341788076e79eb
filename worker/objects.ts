import { issuerName } from "../durable-objects/protocol.ts";
import type { CardIssuerRpc, PrizePoolRpc, RewardGateRpc, ShardAddress } from "../durable-objects/protocol.ts";

/**
 * Stubs of the Durable Objects, by what they answer. Take a fresh one for each call: a stub stays broken after its object resets.
 * The casts are the one place where a namespace's untyped stub gets its protocol; the classes `implement` the same interfaces.
 */
export function prizePool(env: Pick<Env, "PRIZE_POOL">, campaign: string): PrizePoolRpc {
  return env.PRIZE_POOL.getByName(campaign) as unknown as PrizePoolRpc;
}

export function cardIssuer(env: Pick<Env, "CARD_ISSUER">, address: ShardAddress): CardIssuerRpc {
  return env.CARD_ISSUER.getByName(issuerName(address)) as unknown as CardIssuerRpc;
}

export function rewardGate(env: Pick<Env, "REWARD_GATE">, provider: string): RewardGateRpc {
  return env.REWARD_GATE.getByName(provider) as unknown as RewardGateRpc;
}
