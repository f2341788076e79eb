import { createRoute, z } from "@hono/zod-openapi";
import { publishedCampaign } from "../campaign/published.ts";
import { cardsUrl } from "../cards/card.ts";
import { drawAnswer, drawAnswerSchema } from "../cards/draw-answer.ts";
import { drawCards } from "../cards/draw-cards.ts";
import type { App, PartnerEdge } from "../http/edge.ts";
import { answers, PARTNER_SECURITY, refusals, takes } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { drawsSchema, MAX_DRAWS, toDraw } from "./draw-request.ts";
import { withSignature } from "./with-signature.ts";

/** `MAX_DRAWS` draws with all the metadata they may carry fit in about 700 KB. */
const DRAWS_BODY_BYTES = 1024 * 1024;

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/draws",
  tags: ["Partner"],
  summary: `Draw 1 to ${MAX_DRAWS} cards`,
  security: PARTNER_SECURITY,
  middleware: withSignature(DRAWS_BODY_BYTES),
  request: { params: z.object({ campaign: z.string() }), body: takes(drawsSchema) },
  responses: {
    200: answers(
      z.object({ results: z.array(drawAnswerSchema.extend({ requestId: z.string() })) }),
      "One result for each draw, in the order asked",
    ),
    ...refusals("invalid_request", "signature_invalid", "campaign_not_found", "body_too_large", "unsupported_media_type", "overloaded"),
  },
});

export function postDraws(app: App<PartnerEdge>): void {
  app.openapi(route, async (c) => {
    const draws = c.req.valid("json").draws.map(toDraw);
    const snapshot = await publishedCampaign(c.env, c.req.valid("param").campaign);
    const results = await drawCards(c.env, snapshot, draws);
    if (results.every(({ status }) => status === "overloaded")) throw new Problem("overloaded");
    const url = cardsUrl(c.env, snapshot);
    const answered = results.map((result, i) => ({ requestId: draws[i]?.requestId ?? "", ...drawAnswer(url, result) }));
    return c.json({ results: answered }, 200);
  });
}
