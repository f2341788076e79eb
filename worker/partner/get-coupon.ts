import { createRoute, z } from "@hono/zod-openapi";
import type { CardView } from "../../durable-objects/protocol.ts";
import { askCard, instant, locateCard } from "../cards/card.ts";
import type { App, PartnerEdge } from "../http/edge.ts";
import { answers, instantSchema, PARTNER_SECURITY, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { cardParams } from "./card-params.ts";
import { withSignature } from "./with-signature.ts";

const couponSchema = z
  .object({
    status: z.enum(["valid", "used", "not_redeemed", "expired", "voided"]),
    prize: z.string().optional().openapi({ description: "Only of a revealed card" }),
    usedAt: instantSchema.optional(),
    store: z.string().optional(),
  })
  .openapi("Coupon");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/coupons/{cardId}",
  tags: ["Partner"],
  summary: "Whether a store may take a coupon",
  security: PARTNER_SECURITY,
  middleware: withSignature(null, "card_not_found"),
  request: { params: cardParams },
  responses: {
    200: answers(couponSchema, "The coupon; a redeemed card of another kind is no coupon, and not found"),
    ...refusals("signature_invalid", "card_not_found", "overloaded"),
  },
});

export function getCoupon(app: App<PartnerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const place = locateCard(c.env, campaign, cardId);
    return c.json(couponOf(await askCard(c.env, place, (issuer) => issuer.card(place)), Date.now()), 200);
  });
}

/** A card as a store sees it: before it is revealed not even whether it holds a coupon. */
function couponOf(card: CardView, nowMs: number): z.output<typeof couponSchema> {
  const prize = card.revealedAtMs === null ? {} : { prize: card.prize };
  switch (card.state) {
    case "issued":
    case "revealed":
      return { status: card.expiresAtMs !== null && card.expiresAtMs <= nowMs ? "expired" : "not_redeemed", ...prize };
    case "voided":
    case "expired":
      return { status: card.state, ...prize };
    case "redeemed":
    case "used":
      if (card.kind !== "coupon") throw new Problem("card_not_found");
      if (card.usedAtMs === null) return { status: "valid", ...prize };
      return { status: "used", ...prize, usedAt: instant(card.usedAtMs), ...(card.store === null ? {} : { store: card.store }) };
  }
}
