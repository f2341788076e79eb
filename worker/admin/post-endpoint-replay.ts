import { createRoute, z } from "@hono/zod-openapi";
import { campaignIdSchema } from "../campaign/schema.ts";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals, takes } from "../http/openapi.ts";
import { register } from "../ledger/ledgers.ts";
import { Problem } from "../problem.ts";
import { announceFeeds, feedsWritten, insertFeeds } from "../webhooks/feed.ts";
import { mayHear } from "../webhooks/listeners.ts";
import { newReplay } from "../webhooks/replay.ts";
import { writeAudited } from "./audit.ts";
import { endpointRow } from "./endpoint-row.ts";
import { campaignsOf, partnerRow } from "./partner-row.ts";
import { ADMIN_BODY_BYTES, endpointParams } from "./request.ts";
import { withRole } from "./with-role.ts";

/** A campaign's whole life, and no more days to walk through than one page each. */
const MAX_REPLAY_MS = 400 * 86_400_000;

const replaySchema = z
  .strictObject({ campaign: campaignIdSchema, from: instantSchema, to: instantSchema })
  .refine(({ from, to }) => Date.parse(to) > Date.parse(from), { path: ["to"], message: "after `from`" })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= MAX_REPLAY_MS, { path: ["to"], message: "at most 400 days after `from`" });

const route = createRoute({
  method: "post",
  path: "/partners/{partner}/endpoints/{endpoint}/replay",
  tags: ["Admin"],
  summary: "Send an endpoint again what happened to a campaign in a time, under the same ids",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: { params: endpointParams, body: takes(replaySchema) },
  responses: {
    202: answers(z.object({ replay: z.int() }), "Begun; its events join those that wait"),
    ...refusals(
      "invalid_request",
      "access_token_invalid",
      "forbidden",
      "campaign_not_found",
      "endpoint_not_found",
      "endpoint_disabled",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});

export function postEndpointReplay(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const place = c.req.valid("param");
    const { campaign, from, to } = c.req.valid("json");
    await writeAudited(c.env.LEDGER, async (db) => {
      const { disabledAt } = await endpointRow(db, place);
      if (disabledAt !== null) throw new Problem("endpoint_disabled");
      const campaigns = new Set(campaignsOf(await partnerRow(db, place.partner)));
      if (!mayHear({ campaigns }, campaign)) throw new Problem("campaign_not_found");
      const after = { endpoint: place.endpoint, campaign, from, to };
      const act = { actor: c.var.operator.email, action: "partner.endpoint.replay", subject: place.partner, before: null, after };
      return { act, statements: [], result: undefined };
    });
    const replay = newReplay(campaign, { endpoint: place.endpoint, fromMs: Date.parse(from), toMs: Date.parse(to) });
    const [feed = 0] = feedsWritten([await insertFeeds(c.env, [replay], Date.now()).run()]);
    await announceFeeds(c.env, register(c.env), [feed]);
    return c.json({ replay: feed }, 202);
  });
}
