import { z } from "@hono/zod-openapi";
import { and, eq } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { instant } from "../cards/card.ts";
import { instantSchema } from "../http/openapi.ts";
import { webhookEndpoints } from "../ledger/schema.ts";
import { Problem } from "../problem.ts";
import { EVENT_TYPES } from "../webhooks/events.ts";

export type EndpointRow = typeof webhookEndpoints.$inferSelect;

export const eventTypesSchema = z.array(z.enum(EVENT_TYPES)).min(1).max(EVENT_TYPES.length);

export const endpointSchema = z
  .object({
    endpoint: z.string(),
    url: z.string(),
    types: eventTypesSchema.optional().openapi({ description: "Absent: all" }),
    createdAt: instantSchema,
    disabledAt: instantSchema.optional(),
    disabledBy: z.enum(["operator", "gone"]).optional().openapi({ description: "`gone`: it answered 410" }),
  })
  .openapi("WebhookEndpoint");

export async function endpointRow(
  db: DrizzleD1Database,
  { partner, endpoint }: Pick<EndpointRow, "partner" | "endpoint">,
): Promise<EndpointRow> {
  const [row] = await db
    .select()
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.endpoint, endpoint), eq(webhookEndpoints.partner, partner)));
  if (row === undefined) throw new Problem("endpoint_not_found");
  return row;
}

/** An endpoint without its secret. */
export function shownEndpoint({ endpoint, url, types, createdAt, disabledAt, disabledBy }: EndpointRow): z.output<typeof endpointSchema> {
  return {
    endpoint,
    url,
    ...(types === null ? {} : { types: eventTypesSchema.parse(JSON.parse(types)) }),
    createdAt: instant(createdAt),
    ...(disabledAt === null ? {} : { disabledAt: instant(disabledAt) }),
    ...(disabledBy === null ? {} : { disabledBy }),
  };
}
