import { z } from "@hono/zod-openapi";
import { instant } from "../cards/card.ts";
import { HELD_UNTIL_MS } from "../ledger/held-rewards.ts";
import type { RewardRow } from "../ledger/queries.ts";
import { instantSchema } from "../http/openapi.ts";

export const rewardStatus = z.enum(["pending", "granted", "failed"]);

export const rewardRowSchema = z
  .object({
    cardId: z.string(),
    campaign: z.string(),
    prize: z.string(),
    kind: z.string(),
    lineUserId: z.string(),
    recipient: z.string().optional(),
    status: rewardStatus,
    attempts: z.int(),
    createdAt: instantSchema,
    nextAttemptAt: instantSchema.optional(),
    held: z.literal(true).optional().openapi({
      description:
        "It may have been granted, `lastError` says why that is not known: nobody is asked for it before an operator releases it",
    }),
    grantedAt: instantSchema.optional(),
    failedAt: instantSchema.optional(),
    lastError: z.string().optional(),
  })
  .openapi("RewardRow");

function dueOf({ nextAttemptAt }: RewardRow): { held?: true; nextAttemptAt?: string } {
  if (nextAttemptAt === HELD_UNTIL_MS) return { held: true };
  return nextAttemptAt === null ? {} : { nextAttemptAt: instant(nextAttemptAt) };
}

/** A reward as operators and customer care see it. */
export function shownReward(row: RewardRow): z.output<typeof rewardRowSchema> {
  return {
    cardId: row.card,
    campaign: row.campaign,
    prize: row.prize,
    kind: row.kind,
    lineUserId: row.lineUser,
    ...(row.recipient === null ? {} : { recipient: row.recipient }),
    status: row.status,
    attempts: row.attempts,
    createdAt: instant(row.createdAt),
    ...dueOf(row),
    ...(row.grantedAt === null ? {} : { grantedAt: instant(row.grantedAt) }),
    ...(row.failedAt === null ? {} : { failedAt: instant(row.failedAt) }),
    ...(row.lastError === null ? {} : { lastError: row.lastError }),
  };
}
