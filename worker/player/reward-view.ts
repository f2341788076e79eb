import { z } from "@hono/zod-openapi";
import type { CardView } from "../../durable-objects/protocol.ts";
import type { RewardStatus } from "../ledger/queries.ts";

export const rewardViewSchema = z
  .object({
    status: z.enum(["none", "pending", "granted", "failed"]),
    code: z.string().optional().openapi({ description: "Of a prize of kind `code`" }),
    coupon: z.string().optional().openapi({ description: "Of a prize of kind `coupon`: what the store scans" }),
  })
  .openapi("Reward");
export type RewardView = z.output<typeof rewardViewSchema>;

/** Asks the ledger how far a reward is; null when it has not settled yet. */
export type AskRewardStatus = (cardId: string) => Promise<RewardStatus | null>;

/** What its owner sees of a redeemed card's reward. A code and a coupon are the reward themselves; any other one is as far as the ledger says. */
export async function rewardView(
  { cardId, kind, code }: Pick<CardView, "cardId" | "kind" | "code">,
  ask: AskRewardStatus,
): Promise<RewardView> {
  switch (kind) {
    case "none":
      return { status: "none" };
    case "code":
      if (code === null) throw new Error("a redeemed card of kind code has no code");
      return { status: "granted", code };
    case "coupon":
      return { status: "granted", coupon: cardId };
    case "line-sticker":
    case "line-coupon":
    case "line-message":
    case "webhook":
      return { status: (await ask(cardId)) ?? "pending" };
  }
}
