import type { MiddlewareHandler } from "hono";
import { acceptJson, readBody } from "../http/body.ts";
import type { PartnerEdge } from "../http/edge.ts";
import { Problem } from "../problem.ts";
import type { ProblemCode } from "../problem.ts";
import { findPartnerKey, mayUse } from "./keys.ts";
import { verifyRequest } from "./verify.ts";

const NO_BODY = new Uint8Array();

/**
 * Lets through what a partner signed, for a campaign that is the partner's; puts the key in `partnerKey`. What is of a campaign of somebody else's is
 * refused with `missing`, as what does not exist is. The body is read once, as the bytes that were signed; `bodyLimitBytes` null: the call takes none.
 */
export function withSignature(
  bodyLimitBytes: number | null,
  missing: Extract<ProblemCode, "campaign_not_found" | "card_not_found"> = "campaign_not_found",
): MiddlewareHandler<PartnerEdge> {
  return async function verifySignature(c, next) {
    const body = bodyLimitBytes === null ? NO_BODY : await readBody(c.req.raw, bodyLimitBytes);
    const nowMs = Date.now();
    const key = await verifyRequest(c.req.raw, body, { findKey: (keyId) => findPartnerKey(c.env, keyId, nowMs), nowMs });
    if (!mayUse(key, c.req.param("campaign") ?? "")) throw new Problem(missing);
    if (bodyLimitBytes !== null) acceptJson(c, body);
    c.set("partnerKey", key);
    await next();
  };
}
