import { createRoute, z } from "@hono/zod-openapi";
import { desc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { CampaignFile } from "../campaign/schema.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { campaigns } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import type { CampaignRow } from "./campaign-row.ts";
import { withAnyRole } from "./with-role.ts";

/** More than an operator looks through. */
const MAX_CAMPAIGNS = 1_000;

export const campaignSummarySchema = z
  .object({
    campaign: z.string(),
    title: z.record(z.string(), z.string()),
    status: z.enum(["draft", "open", "paused", "closed"]),
    version: z.int(),
    shards: z.int(),
    startsAt: z.string(),
    endsAt: z.string(),
    publishedAt: instantSchema,
  })
  .openapi("CampaignSummary");

const route = createRoute({
  method: "get",
  path: "/campaigns",
  tags: ["Admin"],
  summary: "All campaigns, the one published last first",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  responses: {
    200: answers(z.object({ campaigns: z.array(campaignSummarySchema) }), "The campaigns"),
    ...refusals("access_token_invalid", "forbidden"),
  },
});

export function getCampaigns(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const rows = await drizzle(c.env.LEDGER).select().from(campaigns).orderBy(desc(campaigns.publishedAt)).limit(MAX_CAMPAIGNS);
    return c.json({ campaigns: rows.map(summarise) }, 200);
  });
}

export function summarise({ campaign, status, version, shards, file, publishedAt }: CampaignRow): z.output<typeof campaignSummarySchema> {
  const { title, startsAt, endsAt } = JSON.parse(file) as CampaignFile;
  return { campaign, title, status, version, shards, startsAt, endsAt, publishedAt: instant(publishedAt) };
}
