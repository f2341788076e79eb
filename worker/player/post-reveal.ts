import { createRoute, z } from "@hono/zod-openapi";
import { CARD_STATES } from "../../durable-objects/protocol.ts";
import { jsonBody } from "../http/body.ts";
import { publishedCampaign } from "../campaign/published.ts";
import { askCard, instant, locateCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, PLAYER_SECURITY, refusals, takes } from "../http/openapi.ts";
import { prizeFaceOf, prizeFaceSchema } from "./face.ts";
import { placeSchema } from "./place.ts";
import { cardParams, PLAYER_BODY_BYTES } from "./request.ts";
import { replyReward } from "./reply-reward.ts";
import { rewardViewSchema } from "./reward-view.ts";
import { withSession } from "./with-session.ts";

const MAX_TRAIL_POINTS = 32;
/** A page that was open for longer tells this much. */
const MAX_TRAIL_MS = 24 * 3_600_000;

const trailSchema = z
  .array(z.tuple([z.number().min(0).max(MAX_TRAIL_MS), z.number().min(0).max(100)]))
  .max(MAX_TRAIL_POINTS)
  .openapi({ description: "`[milliseconds since the page opened, percent scratched]`", example: [[1200, 8] as [number, number]] });

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/cards/{cardId}/reveal",
  tags: ["Player"],
  summary: "Scratch a card: tells its prize, and binds an unbound card to the caller; again, the same",
  security: PLAYER_SECURITY,
  middleware: [withSession, jsonBody(PLAYER_BODY_BYTES)] as const,
  request: { params: cardParams, body: takes(z.strictObject({ trail: trailSchema.optional() }), { required: false }) },
  responses: {
    200: answers(
      z.object({
        state: z.enum(CARD_STATES),
        prize: prizeFaceSchema,
        place: placeSchema.optional().openapi({ description: "Where in the stock it came from; `…/proof` proves it" }),
        expiresAt: z.iso.datetime().optional(),
        reward: rewardViewSchema.optional(),
      }),
      "The prize; and the reward of a card that is redeemed",
    ),
    ...refusals(
      "invalid_request",
      "session_invalid",
      "campaign_not_found",
      "card_not_found",
      "card_expired",
      "card_voided",
      "body_too_large",
      "rate_limited",
      "overloaded",
    ),
  },
});

export function postReveal(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const { trail = null } = c.req.valid("json");
    const command = locateCard(c.env, campaign, cardId);
    const snapshot = await publishedCampaign(c.env, campaign);
    const lineUserId = c.var.session.sub;
    const card = await askCard(c.env, command, (issuer) => issuer.reveal({ ...command, lineUserId, trail }));
    const reward = card.redeemedAtMs === null ? {} : { reward: await replyReward(c.env, command, card, Date.now()) };
    const expires = card.expiresAtMs === null ? {} : { expiresAt: instant(card.expiresAtMs) };
    const place = card.place === null ? {} : { place: card.place };
    return c.json({ state: card.state, prize: prizeFaceOf(snapshot, card), ...place, ...expires, ...reward }, 200);
  });
}
