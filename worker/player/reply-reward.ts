import type { CardView, ShardAddress } from "../../durable-objects/protocol.ts";
import { errorText } from "../error-text.ts";
import { ledgerOf } from "../ledger/ledgers.ts";
import { rewardOf } from "../ledger/queries.ts";
import { within } from "../within.ts";
import { rewardView } from "./reward-view.ts";
import type { RewardView } from "./reward-view.ts";

/** Nothing settles sooner after a redemption, so a fresh one asks the ledger nothing: a spike of redemptions does not become one of queries. */
const SETTLES_NO_SOONER_MS = 1_000;

/** A ledger that takes longer does not answer: nobody waits for what they have already. */
const LEDGER_ANSWER_MS = 2_000;

/** How far a redeemed card's reward is. The prize is the user's by then: a ledger that does not answer, or not in time, makes it `pending`, not an error. */
export async function replyReward(env: Env, place: ShardAddress, card: CardView, nowMs: number): Promise<RewardView> {
  return rewardView(card, async (cardId) => {
    if (card.redeemedAtMs === null || nowMs - card.redeemedAtMs < SETTLES_NO_SOONER_MS) return null;
    try {
      const asked = ledgerOf(env, place).then(async (ledger) => rewardOf(ledger, place.campaign, cardId));
      return (await within(LEDGER_ANSWER_MS, asked))?.status ?? null;
    } catch (error) {
      console.error(JSON.stringify({ message: "the ledger did not answer for a reward", error: errorText(error) }));
      return null;
    }
  });
}
