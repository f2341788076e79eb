import { createRoute, z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { partners } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, refusals, takes } from "../http/openapi.ts";
import { writeAudited } from "./audit.ts";
import { campaignsOf, keyRows, partnerCampaignsSchema, partnerIdSchema, partnerSchema, shownPartner } from "./partner-row.ts";
import { publishKeys } from "./publish-keys.ts";
import { ADMIN_BODY_BYTES } from "./request.ts";
import { withRole } from "./with-role.ts";

const route = createRoute({
  method: "put",
  path: "/partners",
  tags: ["Admin"],
  summary: "Make a partner, or change its name and campaigns",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: {
    body: takes(z.strictObject({ id: partnerIdSchema, name: z.string().min(1).max(200), campaigns: partnerCampaignsSchema })),
  },
  responses: {
    200: answers(partnerSchema, "The partner as it is now; its keys follow within a minute"),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "body_too_large"),
  },
});

export function putPartner(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { id, name, campaigns } = c.req.valid("json");
    const nowMs = Date.now();
    const shown = await writeAudited(c.env.LEDGER, async (db) => {
      const [before] = await db.select().from(partners).where(eq(partners.partner, id));
      const row = { partner: id, name, campaigns: JSON.stringify(campaigns), updatedAt: nowMs };
      const { partner, ...values } = row;
      return {
        act: {
          actor: c.var.operator.email,
          action: "partner.put",
          subject: id,
          before: before === undefined ? null : { name: before.name, campaigns: campaignsOf(before) },
          after: { name, campaigns },
        },
        statements: [
          db
            .insert(partners)
            .values({ partner, ...values })
            .onConflictDoUpdate({ target: partners.partner, set: values }),
        ],
        result: shownPartner(row, await keyRows(db, id)),
      };
    });
    await publishKeys(c.env, id);
    return c.json(shown, 200);
  });
}
