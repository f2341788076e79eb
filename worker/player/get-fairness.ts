import { createRoute, z } from "@hono/zod-openapi";
import type { SegmentFairness } from "../../durable-objects/protocol.ts";
import { publishedCampaign } from "../campaign/published.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { Memo } from "../memo.ts";
import { prizePool } from "../objects.ts";
import { answers, refusals } from "../http/openapi.ts";
import { campaignParams } from "./request.ts";

/** Anybody may ask, and there is one pool: it is asked once in this time by an isolate, however many ask here. */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 1_000;
const remembered = new Memo<readonly SegmentFairness[]>(MAX_REMEMBERED);

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/fairness",
  tags: ["Player"],
  summary: "The commitments to the decks, and once the campaign is closed the seeds that open them",
  request: { params: campaignParams },
  responses: {
    200: answers(
      z.object({
        campaign: z.string(),
        segments: z.array(z.object({ segment: z.string(), size: z.int(), commitment: z.string(), seed: z.string().optional() })),
      }),
      "One entry a segment; `seed` only after the close",
    ),
    ...refusals("campaign_not_found"),
  },
});

export function getFairness(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("param");
    await publishedCampaign(c.env, campaign);
    const nowMs = Date.now();
    const segments =
      remembered.get(campaign, nowMs) ??
      remembered.set(campaign, await prizePool(c.env, campaign).fairness(campaign), nowMs + REMEMBERED_MS);
    const shown = segments.map(({ segment, size, commitment, seed }) => ({
      segment,
      size,
      commitment,
      ...(seed === null ? {} : { seed }),
    }));
    return c.json({ campaign, segments: shown }, 200, { "cache-control": `public, max-age=${REMEMBERED_MS / 1000}` });
  });
}
