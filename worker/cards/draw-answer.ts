import { z } from "@hono/zod-openapi";
import type { DrawResult } from "../../durable-objects/protocol.ts";
import { instant } from "./card.ts";
import { instantSchema } from "../http/openapi.ts";

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

/** `url` is that of `cardsUrl`. */
export function drawAnswer(url: string, result: DrawResult): z.output<typeof drawAnswerSchema> {
  if (!("cardId" in result)) return { status: result.status };
  const { status, cardId, expiresAtMs } = result;
  return { status, cardId, url: url + cardId, ...(expiresAtMs === null ? {} : { expiresAt: instant(expiresAtMs) }) };
}
