import { createRoute } from "@hono/zod-openapi";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { readStock, stockSchema } from "../cards/stock.ts";
import { campaignRow } from "./campaign-row.ts";
import { campaignParams } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/stock",
  tags: ["Admin"],
  summary: "What is left of each prize",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: campaignParams },
  responses: {
    200: answers(stockSchema, "As a partner sees it"),
    ...refusals("access_token_invalid", "forbidden", "campaign_not_found"),
  },
});

export function getStock(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = await campaignRow(c.env, c.req.valid("param").campaign);
    return c.json(await readStock(c.env, campaign), 200);
  });
}
