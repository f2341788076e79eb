import { createRoute } from "@hono/zod-openapi";
import { askCard, locateCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, PLAYER_SECURITY, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { cardParams } from "./request.ts";
import { replyReward } from "./reply-reward.ts";
import { rewardViewSchema } from "./reward-view.ts";
import { withSession } from "./with-session.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/cards/{cardId}/reward",
  tags: ["Player"],
  summary: "How far the reward of a redeemed card is",
  security: PLAYER_SECURITY,
  middleware: withSession,
  request: { params: cardParams },
  responses: {
    200: answers(rewardViewSchema, "The reward"),
    ...refusals("session_invalid", "card_not_found", "not_redeemed", "rate_limited", "overloaded"),
  },
});

export function getReward(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const place = locateCard(c.env, campaign, cardId);
    const card = await askCard(c.env, place, (issuer) => issuer.card(place));
    if (card.lineUserId !== c.var.session.sub) throw new Problem("card_not_found");
    if (card.redeemedAtMs === null) throw new Problem("not_redeemed");
    return c.json(await replyReward(c.env, place, card, Date.now()), 200);
  });
}
