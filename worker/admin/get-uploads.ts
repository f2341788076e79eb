import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PoolImport } from "../../durable-objects/protocol.ts";
import { campaignIdSchema } from "../campaign/schema.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { uploads } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, faultSchema, instantSchema, refusals } from "../http/openapi.ts";
import { prizePool } from "../objects.ts";
import { poolFileKey } from "../pools/upload-key.ts";
import { campaignRow } from "./campaign-row.ts";
import { campaignParams, olderThan, rowLimit } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const uploadSchema = z
  .object({
    upload: z.int(),
    object: z.string(),
    etag: z.string(),
    status: z.enum(["imported", "refused"]),
    cards: z.int().optional(),
    faults: z.array(faultSchema).optional(),
    at: instantSchema,
  })
  .openapi("Upload");

const importingSchema = z
  .object({
    object: z.string(),
    etag: z.string(),
    bytes: z.int(),
    bytesRead: z.int(),
    rows: z.int().openapi({ description: "Read so far, the header and blank ones left out." }),
    codes: z.int(),
    checked: z.number().min(0).max(1).openapi({ description: "How much of the codes is compared with each other and with the stock." }),
    startedAt: instantSchema,
    touchedAt: instantSchema.openapi({ description: "When it last came on." }),
  })
  .openapi("UploadUnderWay");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/uploads",
  tags: ["Admin"],
  summary: "What became of the campaign's uploaded files, newest first",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: campaignParams, query: z.strictObject({ before: olderThan, limit: rowLimit }) },
  responses: {
    200: answers(
      z.object({ uploads: z.array(uploadSchema), importing: z.array(importingSchema) }),
      "A refused file with everything that is wrong with it; and how far the files are that are being imported",
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found"),
  },
});

export function getUploads(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("param");
    const { before, limit } = c.req.valid("query");
    const rows = await drizzle(c.env.LEDGER)
      .select()
      .from(uploads)
      .where(and(eq(uploads.campaign, campaign), before === undefined ? undefined : lt(uploads.upload, before)))
      .orderBy(desc(uploads.upload))
      .limit(limit);
    const importing = campaignIdSchema.safeParse(campaign).success ? await prizePool(c.env, campaign).imports(campaign) : [];
    // A campaign of which nothing was accepted has uploads all the same.
    if (rows.length + importing.length === 0) await campaignRow(c.env, campaign);
    return c.json({ uploads: rows.map(shown), importing: importing.map((one) => shownUnderWay(campaign, one)) }, 200);
  });
}

function shown({ upload, object, etag, status, cards, faults, at }: typeof uploads.$inferSelect): z.output<typeof uploadSchema> {
  return {
    upload,
    object,
    etag,
    status,
    ...(cards === null ? {} : { cards }),
    ...(faults === null ? {} : { faults: uploadSchema.shape.faults.parse(JSON.parse(faults)) }),
    at: instant(at),
  };
}

function shownUnderWay(campaign: string, { segment, startedAtMs, touchedAtMs, ...progress }: PoolImport): z.output<typeof importingSchema> {
  return { object: poolFileKey(campaign, segment), ...progress, startedAt: instant(startedAtMs), touchedAt: instant(touchedAtMs) };
}
