import { createRoute } from "@hono/zod-openapi";
import { and, eq, isNull } from "drizzle-orm";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { webhookEndpoints } from "../ledger/schema.ts";
import { webhookEndpoint } from "../objects.ts";
import { forgetListeners } from "../webhooks/listeners.ts";
import { writeAudited } from "./audit.ts";
import { endpointRow, endpointSchema, shownEndpoint } from "./endpoint-row.ts";
import type { EndpointRow } from "./endpoint-row.ts";
import { endpointParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const route = createRoute({
  method: "delete",
  path: "/partners/{partner}/endpoints/{endpoint}",
  tags: ["Admin"],
  summary: "Send nothing more to an endpoint, for good; again, the same",
  security: ADMIN_SECURITY,
  middleware: withRole("operator"),
  request: { params: endpointParams },
  responses: {
    200: answers(endpointSchema, "Disabled; what it had not got yet is dropped"),
    ...refusals("access_token_invalid", "forbidden", "endpoint_not_found"),
  },
});

export function deleteEndpoint(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const place = c.req.valid("param");
    const nowMs = Date.now();
    const row = await writeAudited(c.env.LEDGER, async (db) => {
      const before = await endpointRow(db, place);
      const live = before.disabledAt === null;
      const after: EndpointRow = live ? { ...before, disabledAt: nowMs, disabledBy: "operator" } : before;
      return {
        act: {
          actor: c.var.operator.email,
          action: "partner.endpoint.disable",
          subject: place.partner,
          before: shownEndpoint(before),
          after: shownEndpoint(after),
        },
        statements: [
          db
            .update(webhookEndpoints)
            .set({ disabledAt: nowMs, disabledBy: "operator" })
            .where(and(eq(webhookEndpoints.endpoint, place.endpoint), isNull(webhookEndpoints.disabledAt))),
        ],
        result: after,
      };
    });
    forgetListeners();
    await webhookEndpoint(c.env, place.endpoint).disable();
    return c.json(shownEndpoint(row), 200);
  });
}
