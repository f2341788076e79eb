import { createRoute, z } from "@hono/zod-openapi";
import type { AdminEdge, App } from "../http/edge.ts";
import { campaignFileSchema } from "../campaign/schema.ts";
import type { CampaignFile } from "../campaign/schema.ts";
import { prizePool } from "../objects.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { campaignRow } from "./campaign-row.ts";
import { campaignSummarySchema, summarise } from "./get-campaigns.ts";
import { campaignParams } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}",
  tags: ["Admin"],
  summary: "A campaign, its file as accepted, and its state as the pool has it",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: campaignParams },
  responses: {
    200: answers(
      campaignSummarySchema.extend({ file: campaignFileSchema.openapi("CampaignFile"), etag: z.string() }),
      "`status`, `version` and `shards` are the pool's, which knows first",
    ),
    ...refusals("access_token_invalid", "forbidden", "campaign_not_found"),
  },
});

export function getCampaign(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const row = await campaignRow(c.env, c.req.valid("param").campaign);
    const rules = await prizePool(c.env, row.campaign).rules(row.campaign);
    const live = rules === null ? {} : { status: rules.status, version: rules.version, shards: rules.shards };
    const file = JSON.parse(row.file) as CampaignFile;
    return c.json({ ...summarise(row), ...live, file, etag: row.etag }, 200);
  });
}
