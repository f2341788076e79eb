import { createRoute } from "@hono/zod-openapi";
import { publishedCampaign } from "../campaign/published.ts";
import type { CampaignSnapshot } from "../campaign/schema.ts";
import { freshSnapshot } from "../campaign/snapshot.ts";
import { locateCard, placeOfCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, PLAYER_SECURITY, refusals } from "../http/openapi.ts";
import { campaignFaceJson, campaignFaceSchema } from "./face.ts";
import { cardParams } from "./request.ts";
import { mayPass, recogniseCaller, rememberedCaller, withSession } from "./with-session.ts";
import type { Caller } from "./with-session.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/cards/{cardId}",
  tags: ["Player"],
  summary: "The face of a card: everything needed to draw it, never its prize",
  security: PLAYER_SECURITY,
  request: { params: cardParams },
  responses: {
    200: answers(campaignFaceSchema, "The same for all cards of a campaign, so it cannot give the prize away. Answered at the edge"),
    ...refusals("session_invalid", "campaign_not_found", "card_not_found", "rate_limited"),
  },
});

const AS_JSON = { headers: { "content-type": "application/json" } };
/** The longer of the two, `https://`: the first slash behind it begins the path. */
const SCHEME_LENGTH = 8;
const BEFORE_CAMPAIGN = "/player/v1/campaigns/";
const BEFORE_CARD = "/cards/";

/** The call that there are most of: registered past the schemas, which have nothing to check here that `locateCard` does not. */
export function getCard(app: App<PlayerEdge>): void {
  app.openAPIRegistry.registerPath(route);
  app.get(route.getRoutingPath(), withSession, async (c) => {
    const { campaign, cardId } = c.req.param();
    locateCard(c.env, campaign, cardId);
    return faceOf(await publishedCampaign(c.env, campaign));
  });
}

/**
 * The same past the router, which costs as much as all the rest; where this isolate remembers session, campaign and card, nothing is awaited either.
 * Null for every other call and for whatever is refused: the route above says so.
 */
export function answerFace(request: Request, env: Env): Response | null | Promise<Response | null> {
  if (request.method !== "GET") return null;
  const { url } = request;
  const begin = url.indexOf("/", SCHEME_LENGTH);
  if (!url.startsWith(BEFORE_CAMPAIGN, begin)) return null;
  const end = url.indexOf(BEFORE_CARD, begin + BEFORE_CAMPAIGN.length);
  if (end < 0) return null;
  const campaign = url.slice(begin + BEFORE_CAMPAIGN.length, end);
  const cardId = url.slice(end + BEFORE_CARD.length);
  const nowMs = Date.now();
  const snapshot = freshSnapshot(campaign, nowMs);
  if (snapshot === null) return null;
  const show = (caller: Caller) => (placeOfCard(env, campaign, cardId) !== null && mayPass(caller) ? faceOf(snapshot) : null);
  const authorization = request.headers.get("authorization") ?? "";
  const caller = rememberedCaller(env, authorization, campaign, nowMs);
  return caller === null ? recogniseCaller(env, authorization, campaign).then(show, () => null) : show(caller);
}

function faceOf(snapshot: CampaignSnapshot): Response {
  return new Response(campaignFaceJson(snapshot), AS_JSON);
}
