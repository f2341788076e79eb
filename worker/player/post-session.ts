import { createRoute, z } from "@hono/zod-openapi";
import { jsonBody } from "../http/body.ts";
import { publishedCampaign } from "../campaign/published.ts";
import { instant, locateCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, instantSchema, refusals, takes } from "../http/openapi.ts";
import { settings } from "../settings.ts";
import { keySet } from "../tokens.ts";
import { campaignFace, campaignFaceSchema } from "./face.ts";
import { callerAddress, limitFlood } from "./limit.ts";
import { verifyLineToken } from "./line-token.ts";

import { PLAYER_BODY_BYTES } from "./request.ts";
import { openSession } from "./session.ts";
import { rememberSession, sessionKeysOf } from "./with-session.ts";

const MAX_ID_TOKEN_LENGTH = 8_192;

const route = createRoute({
  method: "post",
  path: "/session",
  tags: ["Player"],
  summary: "Exchange a LINE ID token for a session, and open a card with the same call",
  middleware: jsonBody(PLAYER_BODY_BYTES),
  request: {
    body: takes(
      z.strictObject({ campaign: z.string(), idToken: z.string().min(1).max(MAX_ID_TOKEN_LENGTH), cardId: z.string().optional() }),
    ),
  },
  responses: {
    200: answers(
      z.object({
        session: z.string(),
        expiresAt: instantSchema,
        user: z.object({ name: z.string().optional(), picture: z.string().optional() }),
        card: campaignFaceSchema.optional(),
      }),
      "The session; with `cardId`, the face of that card",
    ),
    ...refusals(
      "invalid_request",
      "line_token_invalid",
      "campaign_not_found",
      "card_not_found",
      "body_too_large",
      "rate_limited",
      "overloaded",
    ),
  },
});

export function postSession(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, idToken, cardId } = c.req.valid("json");
    const address = callerAddress(c.req.raw.headers);
    if (address !== null) await limitFlood(c.env.SESSION_LIMIT, `address:${address}`);
    const snapshot = await publishedCampaign(c.env, campaign);
    const { LINE_ISSUER, LINE_CERTS_URL } = settings(c.env);
    const nowMs = Date.now();
    const rules = { keys: keySet(LINE_CERTS_URL), issuer: LINE_ISSUER, channelId: snapshot.file.line.channelId, nowMs };
    const user = await verifyLineToken(idToken, rules);
    if (cardId !== undefined) locateCard(c.env, campaign, cardId);
    const { session, expiresAtMs } = await openSession(await sessionKeysOf(c.env), campaign, user, nowMs);
    rememberSession(c.env, session, { ...user, campaign, expiresAtMs }, nowMs);
    const { name, picture } = user;
    return c.json(
      {
        session,
        expiresAt: instant(expiresAtMs),
        user: { ...(name === undefined ? {} : { name }), ...(picture === undefined ? {} : { picture }) },
        ...(cardId === undefined ? {} : { card: campaignFace(snapshot) }),
      },
      200,
    );
  });
}
