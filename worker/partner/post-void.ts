import { createRoute, z } from "@hono/zod-openapi";
import { askCard, locateCard } from "../cards/card.ts";
import type { App, PartnerEdge } from "../http/edge.ts";
import { answers, PARTNER_SECURITY, refusals, takes } from "../http/openapi.ts";
import { CARD_BODY_BYTES, cardParams } from "./card-params.ts";
import { withSignature } from "./with-signature.ts";

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/cards/{cardId}/void",
  tags: ["Partner"],
  summary: "Take a card back before it is redeemed; again, the same",
  security: PARTNER_SECURITY,
  middleware: withSignature(CARD_BODY_BYTES, "card_not_found"),
  request: { params: cardParams, body: takes(z.strictObject({ reason: z.string().trim().min(1).max(500) })) },
  responses: {
    200: answers(z.object({ state: z.literal("voided") }), "The card is void; where the campaign says so, its prize is stock again"),
    ...refusals(
      "invalid_request",
      "signature_invalid",
      "card_not_found",
      "already_redeemed",
      "card_expired",
      "body_too_large",
      "unsupported_media_type",
      "overloaded",
    ),
  },
});

export function postVoid(app: App<PartnerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    const place = locateCard(c.env, campaign, cardId);
    await askCard(c.env, place, (issuer) => issuer.void({ ...place, reason }));
    return c.json({ state: "voided" as const }, 200);
  });
}
