import { z } from "@hono/zod-openapi";
import type { DrawResult } from "../durable-objects/protocol.ts";
import type { CampaignSnapshot } from "./campaign/schema.ts";
import { cardUrl, instant } from "./cards.ts";
import { instantSchema } from "./openapi.ts";

const DRAW_STATUSES = [
  "issued",
  "replayed",
  "limit_reached",
  "sold_out",
  "not_open",
  "conflict",
  "overloaded",
] as const satisfies DrawResult["status"][];

/** The answer to one draw; a card only with `issued` and `replayed`. */
export const drawAnswerSchema = z
  .object({
    status: z.enum(DRAW_STATUSES),
    cardId: z.string().optional(),
    url: z.url().optional(),
    expiresAt: instantSchema.optional(),
  })
  .openapi("DrawAnswer");

export function drawAnswer(env: Env, snapshot: CampaignSnapshot, result: DrawResult): z.output<typeof drawAnswerSchema> {
  if (!("cardId" in result)) return { status: result.status };
  const { status, cardId, expiresAtMs } = result;
  return { status, cardId, url: cardUrl(env, snapshot, cardId), ...(expiresAtMs === null ? {} : { expiresAt: instant(expiresAtMs) }) };
}
