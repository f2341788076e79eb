import { z } from "@hono/zod-openapi";

/** An ID token, or a trail of 32 points, is far below it. */
export const PLAYER_BODY_BYTES = 16 * 1024;

export const campaignParams = z.object({ campaign: z.string() });
export const cardParams = z.object({ campaign: z.string(), cardId: z.string() });
