import { z } from "@hono/zod-openapi";

export const cardParams = z.object({ campaign: z.string(), cardId: z.string() });

/** A reason, or a store and its till, are far below it. */
export const CARD_BODY_BYTES = 16 * 1024;
