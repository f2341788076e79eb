import { z } from "zod";
import { callLine } from "./line-call.ts";
import type { GrantDeps, GrantOutcome, ParamedReward } from "./provider.ts";
import { uuidV5 } from "./uuid-v5.ts";

/** The namespace of our retry keys, drawn once by lot. Another one would be another key for every reward that is being asked for. */
const RETRY_KEYS = "8f0b7a52-3d1c-4a57-9b7e-2c6d1f4e8a93";

const pushedSchema = z.object({ sentMessages: z.array(z.object({ id: z.string().max(40) })).optional() });

/** The retry key of a card's reward: the same in every attempt. */
export function retryKeyOf(card: string): string {
  return uuidV5(RETRY_KEYS, card);
}

/**
 * Pushes messages to a winner: https://developers.line.biz/en/reference/messaging-api/#send-push-message. LINE accepts a retry key once; a repeat is
 * answered 409, which is the first one's success. It forgets the key after a day: an attempt later than that (a gate closed for so long, or a redrive)
 * whose forerunner was accepted unheard shows the winner the same messages again, and nothing worse.
 */
export async function pushToWinner(reward: ParamedReward, messages: readonly object[], deps: GrantDeps): Promise<GrantOutcome> {
  return callLine(
    { endpoint: "push", body: { to: reward.lineUser, messages }, retryKey: retryKeyOf(reward.card), answer: pushedSchema },
    deps,
  );
}
