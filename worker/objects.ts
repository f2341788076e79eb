import { issuerName } from "../durable-objects/protocol.ts";
import type { CardIssuerRpc, PrizePoolRpc, RewardGateRpc, ShardAddress, WebhookEndpointRpc } from "../durable-objects/protocol.ts";

/** Stubs of the Durable Objects, by what they answer. Take a fresh one for each call: a stub stays broken after its object resets. */
export function prizePool(env: Pick<Env, "PRIZE_POOL">, campaign: string): PrizePoolRpc {
  return env.PRIZE_POOL.getByName(campaign);
}

export function cardIssuer(env: Pick<Env, "CARD_ISSUER">, address: ShardAddress): CardIssuerRpc {
  return env.CARD_ISSUER.getByName(issuerName(address));
}

export function rewardGate(env: Pick<Env, "REWARD_GATE">, provider: string): RewardGateRpc {
  return env.REWARD_GATE.getByName(provider);
}

export function webhookEndpoint(env: Pick<Env, "WEBHOOK_ENDPOINT">, endpoint: string): WebhookEndpointRpc {
  return env.WEBHOOK_ENDPOINT.getByName(endpoint);
}
