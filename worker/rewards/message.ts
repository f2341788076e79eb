import { z } from "zod";
import { campaignIdSchema } from "../campaign/schema.ts";

/** Few, so that a message is done well within a consumer's time even by a slow provider. */
const REWARDS_PER_MESSAGE = 20;
/** The platform's limits of one `sendBatch`: 100 messages, 256 KB, of which some is left to its own bookkeeping. */
const MESSAGES_PER_SEND = 100;
const BYTES_PER_SEND = 200_000;
const MAX_CARD_ID_LENGTH = 64;

const rewardRefSchema = z.strictObject({ card: z.string().min(1).max(MAX_CARD_ID_LENGTH), campaign: campaignIdSchema });

/** A message of the queue `rewards`: which rewards to see to. What they are stands in the ledger. */
export const rewardMessageSchema = z.strictObject({ rewards: z.array(rewardRefSchema).min(1).max(REWARDS_PER_MESSAGE) });

export type RewardRef = z.output<typeof rewardRefSchema>;
export type RewardMessage = z.output<typeof rewardMessageSchema>;

/** Sends rewards to the agent, `delaySeconds` from now at the earliest. A send that fails midway has sent some: sending all again is harmless. */
export async function sendRewards(env: Pick<Env, "REWARDS">, refs: readonly RewardRef[], delaySeconds = 0): Promise<void> {
  for (const messages of packRewards(refs)) {
    await env.REWARDS.sendBatch(
      messages.map((body) => ({ body, contentType: "json" as const })),
      { delaySeconds },
    );
  }
}

/** Rewards as messages, and messages as sends, each within its limits; the order stays. */
export function packRewards(refs: readonly RewardRef[]): RewardMessage[][] {
  const sends: RewardMessage[][] = [];
  let send: RewardMessage[] = [];
  let bytes = 0;
  for (let start = 0; start < refs.length; start += REWARDS_PER_MESSAGE) {
    const message = { rewards: refs.slice(start, start + REWARDS_PER_MESSAGE).map(({ card, campaign }) => ({ card, campaign })) };
    const size = JSON.stringify(message).length;
    if (send.length === MESSAGES_PER_SEND || (send.length > 0 && bytes + size > BYTES_PER_SEND)) {
      sends.push(send);
      send = [];
      bytes = 0;
    }
    send.push(message);
    bytes += size;
  }
  return send.length === 0 ? sends : [...sends, send];
}
