import { createRoute, z } from "@hono/zod-openapi";
import { CARD_STATES } from "../../durable-objects/protocol.ts";
import type { CardView } from "../../durable-objects/protocol.ts";
import { askCard, instant, locateCard, stateAt } from "../cards/card.ts";
import type { App, PartnerEdge } from "../http/edge.ts";
import { answers, instantSchema, PARTNER_SECURITY, refusals } from "../http/openapi.ts";
import { cardParams } from "./card-params.ts";
import { withSignature } from "./with-signature.ts";

const partnerCardSchema = z
  .object({
    cardId: z.string(),
    requestId: z.string(),
    state: z.enum(CARD_STATES),
    issuedAt: instantSchema,
    expiresAt: instantSchema.optional(),
    revealedAt: instantSchema.optional(),
    redeemedAt: instantSchema.optional(),
    usedAt: instantSchema.optional(),
    prize: z.string().optional().openapi({ description: "Only of a revealed card" }),
  })
  .openapi("PartnerCard");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/cards/{cardId}",
  tags: ["Partner"],
  summary: "How far a card is",
  security: PARTNER_SECURITY,
  middleware: withSignature(null, "card_not_found"),
  request: { params: cardParams },
  responses: {
    200: answers(partnerCardSchema, "The card, as its issuer holds it"),
    ...refusals("signature_invalid", "card_not_found", "overloaded"),
  },
});

export function getCard(app: App<PartnerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const place = locateCard(c.env, campaign, cardId);
    return c.json(partnerCard(await askCard(c.env, place, (issuer) => issuer.card(place))), 200);
  });
}

/** A card as its partner may see it: the prize is the player's secret until the card is scratched. */
function partnerCard(card: CardView): z.output<typeof partnerCardSchema> {
  return {
    cardId: card.cardId,
    requestId: card.requestId,
    state: stateAt(Date.now(), card.state, card.expiresAtMs),
    issuedAt: instant(card.issuedAtMs),
    ...(card.expiresAtMs === null ? {} : { expiresAt: instant(card.expiresAtMs) }),
    ...(card.revealedAtMs === null ? {} : { revealedAt: instant(card.revealedAtMs), prize: card.prize }),
    ...(card.redeemedAtMs === null ? {} : { redeemedAt: instant(card.redeemedAtMs) }),
    ...(card.usedAtMs === null ? {} : { usedAt: instant(card.usedAtMs) }),
  };
}
