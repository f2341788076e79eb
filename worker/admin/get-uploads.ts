import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { uploads } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, faultSchema, instantSchema, refusals } from "../http/openapi.ts";
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

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/uploads",
  tags: ["Admin"],
  summary: "What became of the campaign's uploaded files, newest first",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: campaignParams, query: z.strictObject({ before: olderThan, limit: rowLimit }) },
  responses: {
    200: answers(z.object({ uploads: z.array(uploadSchema) }), "A refused file with everything that is wrong with it"),
    ...refusals("invalid_request", "access_token_invalid", "forbidden"),
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
    return c.json({ uploads: rows.map(shown) }, 200);
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
