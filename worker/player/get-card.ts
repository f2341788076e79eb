import { createRoute } from "@hono/zod-openapi";
import { publishedCampaign } from "../campaign/published.ts";
import { locateCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, PLAYER_SECURITY, refusals } from "../http/openapi.ts";
import { cardFaceJson, cardFaceSchema } from "./face.ts";
import { cardParams } from "./request.ts";
import { withSession } from "./with-session.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/cards/{cardId}",
  tags: ["Player"],
  summary: "The face of a card: everything needed to draw it, never its prize",
  security: PLAYER_SECURITY,
  request: { params: cardParams },
  responses: {
    200: answers(cardFaceSchema, "Answered at the edge, from the id and the campaign alone"),
    ...refusals("session_invalid", "campaign_not_found", "card_not_found", "rate_limited"),
  },
});

const AS_JSON = { headers: { "content-type": "application/json" } };

/** The call that there are most of: registered past the schemas, which have nothing to check here that `locateCard` does not. */
export function getCard(app: App<PlayerEdge>): void {
  app.openAPIRegistry.registerPath(route);
  app.get(route.getRoutingPath(), withSession, async (c) => {
    const { campaign, cardId } = c.req.param();
    locateCard(c.env, campaign, cardId);
    return new Response(cardFaceJson(await publishedCampaign(c.env, campaign), cardId), AS_JSON);
  });
}
