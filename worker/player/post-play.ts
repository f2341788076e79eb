import { createHash } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import type { Draw } from "../../durable-objects/protocol.ts";
import { publishedCampaign } from "../campaign/published.ts";
import { cardsUrl } from "../cards/card.ts";
import { drawCards } from "../cards/draw-cards.ts";
import { drawAnswer, drawAnswerSchema } from "../cards/draw-answer.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, PLAYER_SECURITY, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { campaignParams } from "./request.ts";
import { withSession } from "./with-session.ts";

const idempotencyKeySchema = z.string().regex(/^[\x20-\x7e]{1,64}$/, "1 to 64 printable ASCII characters");

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/play",
  tags: ["Player"],
  summary: "Draw a card by oneself, where the campaign allows it; the same key gives the same card",
  security: PLAYER_SECURITY,
  middleware: withSession,
  request: { params: campaignParams, headers: z.object({ "idempotency-key": idempotencyKeySchema }) },
  responses: {
    200: answers(drawAnswerSchema, "As of a partner's draw"),
    ...refusals("invalid_request", "session_invalid", "campaign_not_found", "campaign_state", "rate_limited", "overloaded"),
  },
});

export function postPlay(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const snapshot = await publishedCampaign(c.env, c.req.valid("param").campaign);
    if (!snapshot.file.selfService) throw new Problem("campaign_state", "cards of this campaign are not drawn here");
    const draw = selfServiceDraw(c.var.session.sub, c.req.valid("header")["idempotency-key"]);
    const [result = { status: "overloaded" }] = await drawCards(c.env, snapshot, [draw]);
    if (result.status === "overloaded") throw new Problem("overloaded");
    // By it a phone whose clock is off knows why a draw was refused; Cloudflare adds one, and not every server does.
    return c.json(drawAnswer(cardsUrl(c.env, snapshot), result), 200, { date: new Date().toUTCString() });
  });
}

/** A user's own draw: limits count by the user, and a key is the user's own, whatever keys others choose. */
function selfServiceDraw(sub: string, key: string): Draw {
  const user = createHash("sha256").update(sub).digest("base64url").slice(0, 22);
  return { requestId: `play:${user}:${key}`, recipient: `line:${sub}`, lineUserId: sub, metadata: null };
}
