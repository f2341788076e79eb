import type { OpenAPIHono } from "@hono/zod-openapi";
import type { PartnerKey } from "../partner/keys.ts";
import type { Session } from "../player/session.ts";
import type { Operator } from "../admin/access.ts";

/** What each part of the edge finds in Hono's context: the bindings, and who was recognised. */
export interface Edge {
  Bindings: Env;
}
export interface PartnerEdge extends Edge {
  Variables: { partnerKey: PartnerKey };
}
export interface PlayerEdge extends Edge {
  Variables: { session: Session };
}
export interface AdminEdge extends Edge {
  Variables: { operator: Operator };
}

export type App<E extends Edge> = OpenAPIHono<E>;
