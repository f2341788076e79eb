import { createRoute, z } from "@hono/zod-openapi";
import { campaignIdSchema } from "../campaign/schema.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, faultSchema, refusals } from "../http/openapi.ts";
import { scanUploads } from "../pools/scan.ts";
import type { ScanReport } from "../pools/scan.ts";
import { writeAudited } from "./audit.ts";
import { campaignRow } from "./campaign-row.ts";
import { withRole } from "./with-role.ts";

const scanReportSchema = z
  .object({
    imported: z.array(z.object({ object: z.string(), cards: z.int().nullable() })),
    refused: z.array(z.object({ object: z.string(), faults: z.array(faultSchema), more: z.int() })),
    failed: z.array(z.string()),
    underWay: z
      .array(z.string())
      .openapi({ description: "Large files that are being imported step by step; see their progress among the uploads." }),
    unchanged: z.int(),
    remaining: z.int(),
  })
  .openapi("ScanReport");

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/uploads/scan",
  tags: ["Admin"],
  summary: "Import what was uploaded for a campaign and is not imported yet, now instead of within a minute",
  security: ADMIN_SECURITY,
  middleware: withRole("operator"),
  request: { params: z.object({ campaign: campaignIdSchema }) },
  responses: {
    200: answers(scanReportSchema, "What became of each file"),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found"),
  },
});

export function postScan(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("param");
    const report = await scanUploads(c.env, campaign);
    if (isEmpty(report)) await campaignRow(c.env, campaign);
    const after = { imported: report.imported, refused: report.refused.map(({ object }) => object), failed: report.failed };
    if (after.imported.length + after.refused.length > 0) {
      const act = { actor: c.var.operator.email, action: "uploads.scan", subject: campaign, before: null, after };
      await writeAudited(c.env.LEDGER, async () => ({ act, statements: [], result: undefined }));
    }
    const refused = report.refused.map(({ object, faults, more }) => ({ object, faults: [...faults], more }));
    const { imported, failed, underWay, unchanged, remaining } = report;
    return c.json({ imported, refused, failed, underWay, unchanged, remaining }, 200);
  });
}

/** Nothing lies in the bucket for the campaign. */
function isEmpty({ imported, refused, failed, underWay, unchanged, remaining }: ScanReport): boolean {
  return imported.length + refused.length + failed.length + underWay.length + unchanged + remaining === 0;
}
