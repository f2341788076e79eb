import { createRoute, z } from "@hono/zod-openapi";
import { CARD_STATES } from "../../durable-objects/protocol.ts";
import { askCard, locateCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { jsonBody } from "../http/body.ts";
import { answers, PLAYER_SECURITY, refusals, takes } from "../http/openapi.ts";
import { cardParams, PLAYER_BODY_BYTES } from "./request.ts";
import { replyReward } from "./reply-reward.ts";
import { rewardViewSchema } from "./reward-view.ts";
import { withSession } from "./with-session.ts";

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/cards/{cardId}/redeem",
  tags: ["Player"],
  summary: "Take the prize of a revealed card; again, the same",
  security: PLAYER_SECURITY,
  middleware: [withSession, jsonBody(PLAYER_BODY_BYTES)] as const,
  request: { params: cardParams, body: takes(z.strictObject({}), { required: false }) },
  responses: {
    200: answers(z.object({ state: z.enum(CARD_STATES), reward: rewardViewSchema }), "The reward, as far as it is"),
    ...refusals(
      "invalid_request",
      "session_invalid",
      "card_not_found",
      "not_revealed",
      "card_expired",
      "card_voided",
      "rate_limited",
      "overloaded",
    ),
  },
});

export function postRedeem(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const place = locateCard(c.env, campaign, cardId);
    const lineUserId = c.var.session.sub;
    const card = await askCard(c.env, place, (issuer) => issuer.redeem({ ...place, lineUserId }));
    return c.json({ state: card.state, reward: await replyReward(c.env, place, card, Date.now()) }, 200);
  });
}
