import { createRoute, z } from "@hono/zod-openapi";
import type { App, PartnerEdge } from "../http/edge.ts";
import { Memo } from "../memo.ts";
import { answers, PARTNER_SECURITY, refusals } from "../http/openapi.ts";
import { readStock, stockSchema } from "../cards/stock.ts";
import type { Stock } from "../cards/stock.ts";
import { withSignature } from "./with-signature.ts";

/** A partner that polls does not count the ledger each time; it is about a second behind anyway. */
const REMEMBERED_MS = 1_000;
const MAX_REMEMBERED = 1_000;
const remembered = new Memo<Stock>(MAX_REMEMBERED);

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/stock",
  tags: ["Partner"],
  summary: "What is left of each prize",
  security: PARTNER_SECURITY,
  middleware: withSignature(null),
  request: { params: z.object({ campaign: z.string() }) },
  responses: {
    200: answers(stockSchema, "Per prize; `soldOut` when nothing is left of any"),
    ...refusals("signature_invalid", "campaign_not_found"),
  },
});

export function getStock(app: App<PartnerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("param");
    const nowMs = Date.now();
    const stock = remembered.get(campaign, nowMs) ?? remembered.set(campaign, await readStock(c.env, campaign), nowMs + REMEMBERED_MS);
    return c.json(stock, 200);
  });
}
