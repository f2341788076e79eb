import { OpenAPIHono } from "@hono/zod-openapi";
import type { App, PartnerEdge } from "../http/edge.ts";
import { refuseFaults } from "../http/faults.ts";
import { getCard } from "./get-card.ts";
import { getStock } from "./get-stock.ts";
import { postDraws } from "./post-draws.ts";

/** What partners call, signed, below `/partner/v1`. */
export function partnerRoutes(): App<PartnerEdge> {
  const app = new OpenAPIHono<PartnerEdge>({ defaultHook: refuseFaults });
  for (const add of [postDraws, getCard, getStock]) add(app);
  return app;
}
