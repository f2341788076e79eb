import { z } from "@hono/zod-openapi";
import { instant } from "../cards/card.ts";
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
    grantedAt: instantSchema.optional(),
    failedAt: instantSchema.optional(),
    lastError: z.string().optional(),
  })
  .openapi("RewardRow");

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
    ...(row.nextAttemptAt === null ? {} : { nextAttemptAt: instant(row.nextAttemptAt) }),
    ...(row.grantedAt === null ? {} : { grantedAt: instant(row.grantedAt) }),
    ...(row.failedAt === null ? {} : { failedAt: instant(row.failedAt) }),
    ...(row.lastError === null ? {} : { lastError: row.lastError }),
  };
}
