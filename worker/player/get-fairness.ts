import { createRoute, z } from "@hono/zod-openapi";
import type { SegmentFairness } from "../../durable-objects/protocol.ts";
import { publishedCampaign } from "../campaign/published.ts";
import { instant } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { Memo } from "../memo.ts";
import { prizePool } from "../objects.ts";
import { answers, instantSchema, refusals } from "../http/openapi.ts";
import { campaignParams } from "./request.ts";

/** Anybody may ask, and there is one pool: it is asked once in this time by an isolate, however many ask here. */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 1_000;
const remembered = new Memo<readonly SegmentFairness[]>(MAX_REMEMBERED);

const segmentSchema = z
  .object({
    segment: z.string(),
    size: z.int().openapi({ description: "Cards of one deck" }),
    decks: z.int().openapi({ description: "Decks made so far; more than one only of a segment that repeats" }),
    commitment: z.string(),
    roots: z
      .array(z.object({ deck: z.int(), root: z.string() }))
      .openapi({ description: "Merkle roots of the latest decks; none of a segment of more than 1,000,000 cards" }),
    seed: z.string().optional(),
    manifest: z.array(z.object({ prize: z.string(), quantity: z.int() })).optional(),
    repeat: z.object({ maxDecks: z.int().nullable() }).optional(),
    moments: z.object({ from: instantSchema, to: instantSchema }).optional(),
  })
  .openapi("SegmentFairness");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/fairness",
  tags: ["Player"],
  summary: "The commitments to the decks and the roots of their trees; once the campaign is closed, what opens them",
  request: { params: campaignParams },
  responses: {
    200: answers(
      z.object({
        campaign: z.string(),
        fallback: z.string().nullable().openapi({ description: "The prize of cards that are dealt after the stock is gone" }),
        segments: z.array(segmentSchema),
      }),
      "One entry a segment; `seed`, `manifest` and the mode only after the close",
    ),
    ...refusals("campaign_not_found"),
  },
});

export function getFairness(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("param");
    const { file } = await publishedCampaign(c.env, campaign);
    const nowMs = Date.now();
    const segments =
      remembered.get(campaign, nowMs) ??
      remembered.set(campaign, await prizePool(c.env, campaign).fairness(campaign), nowMs + REMEMBERED_MS);
    const headers = { "cache-control": `public, max-age=${REMEMBERED_MS / 1000}` };
    return c.json({ campaign, fallback: file.fallback ?? null, segments: segments.map(shownSegment) }, 200, headers);
  });
}

function shownSegment({ segment, size, decks, commitment, roots, opened }: SegmentFairness): z.output<typeof segmentSchema> {
  const shown = { segment, size, decks, commitment, roots: [...roots] };
  if (opened === null) return shown;
  const { repeat, moments } = opened.options;
  return {
    ...shown,
    seed: opened.seed,
    manifest: [...opened.manifest],
    ...(repeat === null ? {} : { repeat }),
    ...(moments === null ? {} : { moments: { from: instant(moments.fromMs), to: instant(moments.toMs) } }),
  };
}
