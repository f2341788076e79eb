import { createRoute, z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { EndpointReport } from "../../durable-objects/protocol.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { webhookEndpoints } from "../ledger/schema.ts";
import { webhookEndpoint } from "../objects.ts";
import { endpointSchema, shownEndpoint } from "./endpoint-row.ts";
import { partnerRow } from "./partner-row.ts";
import { partnerParams } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const stateSchema = z.object({
  state: z.enum(["well", "resting", "disabled"]).openapi({ description: "`resting`: it failed, or asked to be left alone for a while" }),
  restsUntil: instantSchema.optional(),
  waiting: z.int().openapi({ description: "Not sent yet" }),
  retrying: z.int().openapi({ description: "To be sent again" }),
  delivered: z.int(),
  missed: z
    .object({ events: z.int(), firstAt: instantSchema, lastAt: instantSchema })
    .optional()
    .openapi({ description: "Given up, or found no room: a replay of this time brings them back" }),
});

const route = createRoute({
  method: "get",
  path: "/partners/{partner}/endpoints",
  tags: ["Admin"],
  summary: "A partner's webhook endpoints, and how they fare",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: partnerParams },
  responses: {
    200: answers(z.object({ endpoints: z.array(endpointSchema.extend({ deliveries: stateSchema })) }), "In the order they were made"),
    ...refusals("access_token_invalid", "forbidden", "partner_not_found"),
  },
});

export function getEndpoints(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { partner } = c.req.valid("param");
    const db = drizzle(c.env.LEDGER);
    await partnerRow(db, partner);
    const rows = await db
      .select()
      .from(webhookEndpoints)
      .where(eq(webhookEndpoints.partner, partner))
      .orderBy(webhookEndpoints.createdAt, webhookEndpoints.endpoint);
    const endpoints = await Promise.all(
      rows.map(async (row) => ({ ...shownEndpoint(row), deliveries: shownState(await webhookEndpoint(c.env, row.endpoint).report()) })),
    );
    return c.json({ endpoints }, 200);
  });
}

function shownState({ state, restsUntilMs, waiting, retrying, delivered, missed }: EndpointReport): z.output<typeof stateSchema> {
  return {
    state,
    ...(restsUntilMs === null ? {} : { restsUntil: instant(restsUntilMs) }),
    waiting,
    retrying,
    delivered,
    ...(missed === null ? {} : { missed: { events: missed.events, firstAt: instant(missed.firstAtMs), lastAt: instant(missed.lastAtMs) } }),
  };
}
