import { Buffer } from "node:buffer";
import { createRoute, z } from "@hono/zod-openapi";
import { and, eq, isNull } from "drizzle-orm";
import { endpointSeal } from "../../durable-objects/protocol.ts";
import { sealSecret } from "../../durable-objects/seal.ts";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals, takes } from "../http/openapi.ts";
import { webhookEndpoints } from "../ledger/schema.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";
import { refuseAddress } from "../webhooks/address.ts";
import { forgetListeners } from "../webhooks/listeners.ts";
import { writeAudited } from "./audit.ts";
import { endpointSchema, eventTypesSchema, shownEndpoint } from "./endpoint-row.ts";
import { partnerRow } from "./partner-row.ts";
import { ADMIN_BODY_BYTES, partnerParams } from "./request.ts";
import { withRole } from "./with-role.ts";

/** Each is told everything: one for each of a partner's systems is enough. */
const MAX_LIVE_ENDPOINTS = 5;
/** Standard Webhooks: between 24 and 64 bytes. */
const SECRET_BYTES = 32;

const route = createRoute({
  method: "post",
  path: "/partners/{partner}/endpoints",
  tags: ["Admin"],
  summary: "Tell a partner of events at this address; the signing secret is made here and shown this once",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: {
    params: partnerParams,
    body: takes(
      z.strictObject({
        url: z.string().openapi({ description: "https, a public host name, port 443; in development loopback too" }),
        types: eventTypesSchema.optional().openapi({ description: "Absent: all" }),
      }),
    ),
  },
  responses: {
    201: answers(
      endpointSchema.extend({ secret: z.string().openapi({ description: "`whsec_` and base64, as Standard Webhooks writes it" }) }),
      "The endpoint; it is told of what settles from some seconds after this answer on",
    ),
    ...refusals(
      "invalid_request",
      "access_token_invalid",
      "forbidden",
      "partner_not_found",
      "too_many_endpoints",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});

export function postEndpoint(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { partner } = c.req.valid("param");
    const { url, types } = c.req.valid("json");
    const { SANDBOX_ORIGIN, PUBLIC_ORIGIN, PARTNER_KEY } = settings(c.env);
    const fault = refuseAddress(url, { development: SANDBOX_ORIGIN !== "", ownOrigin: PUBLIC_ORIGIN });
    if (fault !== null) throw new Problem("invalid_request", `url must be ${fault}`, { errors: [{ at: "url", message: fault }] });

    const endpoint = `ep-${crypto.randomUUID()}`;
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    const row = {
      endpoint,
      partner,
      url,
      types: types === undefined ? null : JSON.stringify(types),
      sealed: await sealSecret(PARTNER_KEY, endpointSeal(endpoint), secret),
      createdAt: Date.now(),
      disabledAt: null,
      disabledBy: null,
    };
    const shown = shownEndpoint(row);
    await writeAudited(c.env.LEDGER, async (db) => {
      await partnerRow(db, partner);
      const live = await db
        .select({ endpoint: webhookEndpoints.endpoint })
        .from(webhookEndpoints)
        .where(and(eq(webhookEndpoints.partner, partner), isNull(webhookEndpoints.disabledAt)));
      if (live.length >= MAX_LIVE_ENDPOINTS)
        throw new Problem("too_many_endpoints", `a partner has at most ${MAX_LIVE_ENDPOINTS} live endpoints: disable one first`);
      return {
        act: { actor: c.var.operator.email, action: "partner.endpoint.add", subject: partner, before: null, after: shown },
        statements: [db.insert(webhookEndpoints).values(row)],
        result: undefined,
      };
    });
    forgetListeners();
    return c.json({ ...shown, secret: `whsec_${Buffer.from(secret).toString("base64")}` }, 201);
  });
}
