import { createRoute, z } from "@hono/zod-openapi";
import { drizzle } from "drizzle-orm/d1";
import { DELIVERY_STATES } from "../../durable-objects/protocol.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { webhookEndpoint } from "../objects.ts";
import { endpointRow } from "./endpoint-row.ts";
import { endpointParams, rowLimit } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const deliverySchema = z
  .object({
    id: z.string().openapi({ description: "`webhook-id`" }),
    type: z.string(),
    state: z.enum(DELIVERY_STATES),
    happenedAt: instantSchema,
    attempts: z.int(),
    answer: z.string().optional().openapi({ description: "What came of the last attempt" }),
    when: instantSchema.optional().openapi({ description: "When it was delivered or given up, or will be sent again" }),
  })
  .openapi("WebhookDelivery");

const route = createRoute({
  method: "get",
  path: "/partners/{partner}/endpoints/{endpoint}/deliveries",
  tags: ["Admin"],
  summary: "An endpoint's latest deliveries of one state, newest first",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: endpointParams, query: z.strictObject({ state: z.enum(DELIVERY_STATES).default("retrying"), limit: rowLimit }) },
  responses: {
    200: answers(z.object({ deliveries: z.array(deliverySchema) }), "Of those that are done with, some thousands are remembered"),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "endpoint_not_found"),
  },
});

export function getEndpointDeliveries(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { endpoint } = await endpointRow(drizzle(c.env.LEDGER), c.req.valid("param"));
    const { state, limit } = c.req.valid("query");
    const listed = await webhookEndpoint(c.env, endpoint).deliveries(state, limit);
    const deliveries = listed.map(({ atMs, whenMs, answer, id, type, state: now, attempts }) => ({
      id,
      type,
      state: now,
      happenedAt: instant(atMs),
      attempts,
      ...(answer === null ? {} : { answer }),
      ...(whenMs === null ? {} : { when: instant(whenMs) }),
    }));
    return c.json({ deliveries }, 200);
  });
}
