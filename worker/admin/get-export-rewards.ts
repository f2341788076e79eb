import { createRoute, z } from "@hono/zod-openapi";
import { campaignIdSchema } from "../campaign/schema.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, refusals } from "../http/openapi.ts";
import { campaignRewards } from "../ledger/export.ts";
import type { ExportedReward } from "../ledger/export.ts";
import { wholeCampaignRow } from "./campaign-row.ts";
import { csvTime } from "./csv.ts";
import type { CsvColumn } from "./csv.ts";
import { answerExport, CSV_ANSWER, withExportRole } from "./export.ts";
import { rewardStatus } from "./reward-row.ts";

const route = createRoute({
  method: "get",
  path: "/export/rewards.csv",
  tags: ["Admin"],
  summary: "A campaign's rewards as the ledger has them; taking it out is noted in the audit log",
  security: ADMIN_SECURITY,
  middleware: withExportRole,
  request: { query: z.strictObject({ campaign: campaignIdSchema, status: rewardStatus.optional() }) },
  responses: {
    200: CSV_ANSWER,
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found", "ledger_rebuilding"),
  },
});

const COLUMNS: readonly CsvColumn<ExportedReward>[] = [
  ["card", ({ card }) => card],
  ["campaign", ({ campaign }) => campaign],
  ["prize", ({ prize }) => prize],
  ["kind", ({ kind }) => kind],
  ["line_user_id", ({ lineUser }) => lineUser],
  ["recipient", ({ recipient }) => recipient],
  ["status", ({ status }) => status],
  ["attempts", ({ attempts }) => attempts],
  ["redrives", ({ redrives }) => redrives],
  ["created_at", ({ createdAt }) => csvTime(createdAt)],
  ["next_attempt_at", ({ nextAttemptAt }) => csvTime(nextAttemptAt)],
  ["granted_at", ({ grantedAt }) => csvTime(grantedAt)],
  ["failed_at", ({ failedAt }) => csvTime(failedAt)],
  ["last_error", ({ lastError }) => lastError],
];

export function getExportRewards(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { status, ...query } = c.req.valid("query");
    const { campaign } = await wholeCampaignRow(c.env, query.campaign);
    const filter = status === undefined ? null : { status };
    const pages = () => campaignRewards(c.env, campaign, status);
    return answerExport(c, { action: "rewards.export", subject: campaign, filter, name: `${campaign}-rewards`, columns: COLUMNS, pages });
  });
}
