import { createRoute, z } from "@hono/zod-openapi";
import { drizzle } from "drizzle-orm/d1";
import type { AdminEdge, App } from "../http/edge.ts";
import { partnerKeys, partners } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { partnerSchema, shownPartner } from "./partner-row.ts";
import { withAnyRole } from "./with-role.ts";

const route = createRoute({
  method: "get",
  path: "/partners",
  tags: ["Admin"],
  summary: "All partners and the ids of their keys",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  responses: {
    200: answers(z.object({ partners: z.array(partnerSchema) }), "The partners"),
    ...refusals("access_token_invalid", "forbidden"),
  },
});

export function getPartners(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const db = drizzle(c.env.LEDGER);
    const [rows, keys] = await db.batch([
      db.select().from(partners).orderBy(partners.partner),
      db.select().from(partnerKeys).orderBy(partnerKeys.createdAt, partnerKeys.keyId),
    ]);
    const byPartner = Map.groupBy(keys, ({ partner }) => partner);
    return c.json({ partners: rows.map((row) => shownPartner(row, byPartner.get(row.partner) ?? [])) }, 200);
  });
}
