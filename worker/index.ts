import { answer } from "./app.ts";
import { consume } from "./queues.ts";
import { runSchedule } from "./schedule.ts";

export { CardIssuer } from "../durable-objects/card-issuer/card-issuer.ts";
export { PrizePool } from "../durable-objects/prize-pool/prize-pool.ts";
export { RewardGate } from "../durable-objects/reward-gate/reward-gate.ts";
export { WebhookEndpoint } from "../durable-objects/webhook-endpoint/webhook-endpoint.ts";

export default {
  fetch: answer,
  queue: consume,
  scheduled: (_controller, env) => runSchedule(env),
} satisfies ExportedHandler<Env>;
