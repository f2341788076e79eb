import { consumeDeadLetters } from "./ledger/dead-letters.ts";
import { consumeCardEvents } from "./ledger/settle.ts";
import { consumePoolUploads } from "./pools/notifications.ts";
import { consumeRewards } from "./rewards/agent.ts";
import { consumePartnerEvents } from "./webhooks/tell.ts";

/** Gives a batch to the consumer of its queue. A queue with no consumer here is a mistake in wrangler.toml: throwing keeps its messages. */
export async function consume(batch: MessageBatch, env: Env): Promise<void> {
  switch (batch.queue) {
    case "card-events":
      return consumeCardEvents(batch, env);
    case "rewards":
      return consumeRewards(batch, env);
    case "partner-events":
      return consumePartnerEvents(batch, env);
    case "pool-uploads":
      return consumePoolUploads(batch, env);
    case "card-events-dead":
    case "rewards-dead":
    case "partner-events-dead":
    case "pool-uploads-dead":
      return consumeDeadLetters(batch, env);
    default:
      throw new Error(`no consumer for queue ${batch.queue}`);
  }
}
