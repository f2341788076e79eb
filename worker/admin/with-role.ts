import type { MiddlewareHandler } from "hono";
import type { AdminEdge } from "../http/edge.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";
import { keySet } from "../tokens.ts";
import { ROLES, verifyAccessToken } from "./access.ts";
import type { Role } from "./access.ts";

/** Access keeps its session in a cookie, so another site could make an operator's browser call us; the browser says so here. */
const OWN_SITES = new Set(["same-origin", "none"]);

/** Lets through whom Cloudflare Access recognised and who has one of `roles`; puts them in `operator`. Checked on every call. */
export function withRole(...roles: readonly Role[]): MiddlewareHandler<AdminEdge> {
  return async function checkAccess(c, next) {
    const token = c.req.header("cf-access-jwt-assertion");
    if (token === undefined) throw new Problem("access_token_invalid", "there is no Cf-Access-Jwt-Assertion header");
    const { ACCESS_CERTS_URL, ACCESS_ISSUER, ACCESS_AUDIENCE } = settings(c.env);
    const rules = { keys: keySet(ACCESS_CERTS_URL), issuer: ACCESS_ISSUER, audience: ACCESS_AUDIENCE, nowMs: Date.now() };
    const operator = await verifyAccessToken(token, rules);
    if (!roles.some((role) => operator.roles.has(role))) throw new Problem("forbidden", `this takes the role ${roles.join(" or ")}`);
    if (c.req.method !== "GET" && !OWN_SITES.has(c.req.header("sec-fetch-site") ?? "none")) {
      throw new Problem("forbidden", "this call came from another site");
    }
    c.set("operator", operator);
    c.header("cache-control", "no-store");
    await next();
  };
}

/** Anybody with a role at all may look. */
export const withAnyRole = withRole(...ROLES);
