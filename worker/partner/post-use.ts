import { createRoute, z } from "@hono/zod-openapi";
import { askCard, instant, locateCard } from "../cards/card.ts";
import type { App, PartnerEdge } from "../http/edge.ts";
import { answers, instantSchema, PARTNER_SECURITY, refusals, takes } from "../http/openapi.ts";
import { CARD_BODY_BYTES, cardParams } from "./card-params.ts";
import { withSignature } from "./with-signature.ts";

const place = z.string().trim().min(1).max(100);

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/coupons/{cardId}/use",
  tags: ["Partner"],
  summary: "Take a coupon, once",
  security: PARTNER_SECURITY,
  middleware: withSignature(CARD_BODY_BYTES, "card_not_found"),
  request: { params: cardParams, body: takes(z.strictObject({ store: place, till: place.optional() })) },
  responses: {
    200: answers(z.object({ status: z.literal("used"), usedAt: instantSchema, store: z.string() }), "Taken now, by this call"),
    ...refusals(
      "invalid_request",
      "signature_invalid",
      "card_not_found",
      "not_redeemed",
      "already_used",
      "card_expired",
      "card_voided",
      "body_too_large",
      "unsupported_media_type",
      "overloaded",
    ),
  },
});

export function postUse(app: App<PartnerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const { store, till = null } = c.req.valid("json");
    const at = locateCard(c.env, campaign, cardId);
    const card = await askCard(c.env, at, (issuer) => issuer.use({ ...at, store, till }));
    return c.json({ status: "used" as const, usedAt: instant(card.usedAtMs ?? 0), store }, 200);
  });
}
