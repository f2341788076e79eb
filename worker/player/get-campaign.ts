import { createRoute } from "@hono/zod-openapi";
import { publishedCampaign } from "../campaign/published.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { answers, refusals } from "../http/openapi.ts";
import { campaignFace, campaignFaceSchema } from "./face.ts";
import { campaignParams } from "./request.ts";

/** A change of a campaign's looks may take this long to be seen by a browser that has just read it. */
const MAX_AGE_SECONDS = 30;

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}",
  tags: ["Player"],
  summary: "What anybody may know of a campaign",
  request: { params: campaignParams },
  responses: { 200: answers(campaignFaceSchema, "Its texts, looks, dates and prizes"), ...refusals("campaign_not_found") },
});

export function getCampaign(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const snapshot = await publishedCampaign(c.env, c.req.valid("param").campaign);
    return c.json(campaignFace(snapshot), 200, { "cache-control": `public, max-age=${MAX_AGE_SECONDS}` });
  });
}
