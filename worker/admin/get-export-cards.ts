import { createRoute, z } from "@hono/zod-openapi";
import { campaignIdSchema } from "../campaign/schema.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, refusals } from "../http/openapi.ts";
import { campaignCards } from "../ledger/export.ts";
import type { LedgerCard } from "../ledger/queries.ts";
import { wholeCampaignRow } from "./campaign-row.ts";
import { csvTime } from "./csv.ts";
import type { CsvColumn } from "./csv.ts";
import { answerExport, CSV_ANSWER, withExportRole } from "./export.ts";

const route = createRoute({
  method: "get",
  path: "/export/cards.csv",
  tags: ["Admin"],
  summary: "A campaign's cards as the ledger has them; taking it out is noted in the audit log",
  security: ADMIN_SECURITY,
  middleware: withExportRole,
  request: { query: z.strictObject({ campaign: campaignIdSchema }) },
  responses: {
    200: CSV_ANSWER,
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found", "ledger_rebuilding"),
  },
});

const COLUMNS: readonly CsvColumn<LedgerCard>[] = [
  ["card", ({ card }) => card],
  ["campaign", ({ campaign }) => campaign],
  ["state", ({ state }) => state],
  ["prize", ({ prize }) => prize],
  ["segment", ({ segment }) => segment],
  ["position", ({ position }) => position],
  ["returned", ({ returned }) => (returned === 1 ? "yes" : null)],
  ["request_id", ({ request }) => request],
  ["recipient", ({ recipient }) => recipient],
  ["line_user_id", ({ lineUser }) => lineUser],
  ["metadata", ({ metadata }) => metadata],
  ["code", ({ code }) => code],
  ["issued_at", ({ issuedAt }) => csvTime(issuedAt)],
  ["expires_at", ({ expiresAt }) => csvTime(expiresAt)],
  ["revealed_at", ({ revealedAt }) => csvTime(revealedAt)],
  ["redeemed_at", ({ redeemedAt }) => csvTime(redeemedAt)],
  ["used_at", ({ usedAt }) => csvTime(usedAt)],
  ["store", ({ store }) => store],
  ["till", ({ till }) => till],
  ["ended_at", ({ endedAt }) => csvTime(endedAt)],
  ["reason", ({ reason }) => reason],
];

export function getExportCards(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = await wholeCampaignRow(c.env, c.req.valid("query").campaign);
    const pages = () => campaignCards(c.env, campaign);
    return answerExport(c, { action: "cards.export", subject: campaign, filter: null, name: `${campaign}-cards`, columns: COLUMNS, pages });
  });
}
