import { OpenAPIHono } from "@hono/zod-openapi";
import type { App, PartnerEdge } from "../http/edge.ts";
import { refuseFaults } from "../http/faults.ts";
import { getCard } from "./get-card.ts";
import { getCoupon } from "./get-coupon.ts";
import { getStock } from "./get-stock.ts";
import { postDraws } from "./post-draws.ts";
import { postUse } from "./post-use.ts";
import { postVoid } from "./post-void.ts";

/** What partners call, signed, below `/partner/v1`. */
export function partnerRoutes(): App<PartnerEdge> {
  const app = new OpenAPIHono<PartnerEdge>({ defaultHook: refuseFaults });
  for (const add of [postDraws, getCard, postVoid, getStock, getCoupon, postUse]) add(app);
  return app;
}
