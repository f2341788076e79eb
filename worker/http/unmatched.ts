import type { Context, Hono } from "hono";
import type { Edge } from "./edge.ts";
import { Problem, problemResponse } from "../problem.ts";

/** Hono's name for middleware of every method; such an entry is no address of its own. */
const MIDDLEWARE_METHOD = "ALL";

/** `/campaigns/:campaign/draws` as an expression that matches its addresses. */
function addressOf(path: string): RegExp {
  const pattern = path
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/:[A-Za-z]+/g, "[^/]+")
    .replace(/\\\*$/, ".*");
  return new RegExp(`^${pattern}$`);
}

/** Hono's `notFound`: `method_not_allowed` with `Allow` where another method has a route at this address, else `not_found`. */
export function answerUnmatched(app: Hono<Edge>): (c: Context) => Response {
  let addresses: { readonly method: string; readonly address: RegExp }[] | null = null;
  return function unmatched(c) {
    addresses ??= app.routes
      .filter(({ method }) => method !== MIDDLEWARE_METHOD)
      .map(({ method, path }) => ({ method, address: addressOf(path) }));
    const allowed = new Set(addresses.filter(({ address }) => address.test(c.req.path)).map(({ method }) => method));
    if (allowed.size === 0) return problemResponse(new Problem("not_found"));
    if (allowed.has("GET")) allowed.add("HEAD");
    const response = problemResponse(new Problem("method_not_allowed"));
    response.headers.set("allow", [...allowed].sort().join(", "));
    return response;
  };
}
