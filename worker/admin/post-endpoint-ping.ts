import { createRoute, z } from "@hono/zod-openapi";
import { drizzle } from "drizzle-orm/d1";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { webhookEndpoint } from "../objects.ts";
import { Problem } from "../problem.ts";
import { pingEvent } from "../webhooks/events.ts";
import { recordDisabled } from "../webhooks/listeners.ts";
import { writeAudited } from "./audit.ts";
import { endpointRow } from "./endpoint-row.ts";
import { endpointParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const GONE = 410;

const route = createRoute({
  method: "post",
  path: "/partners/{partner}/endpoints/{endpoint}/ping",
  tags: ["Admin"],
  summary: "Send an endpoint a signed `endpoint.ping` now; one that was resting and takes it is told of events again",
  security: ADMIN_SECURITY,
  middleware: withRole("operator"),
  request: { params: endpointParams },
  responses: {
    200: answers(
      z.object({ httpStatus: z.int().optional(), tookMs: z.int().optional(), reason: z.string().optional() }),
      "What it answered, or why there was no answer",
    ),
    ...refusals("access_token_invalid", "forbidden", "endpoint_not_found", "endpoint_disabled"),
  },
});

export function postEndpointPing(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const place = c.req.valid("param");
    const { endpoint, url, sealed, disabledAt } = await endpointRow(drizzle(c.env.LEDGER), place);
    if (disabledAt !== null) throw new Problem("endpoint_disabled");
    const nowMs = Date.now();
    const reply = await webhookEndpoint(c.env, endpoint).ping({ endpoint, url, sealed }, pingEvent(endpoint, nowMs));
    if (reply.status === "disabled") throw new Problem("endpoint_disabled");
    const { status: _, ...answer } = reply;
    const act = { actor: c.var.operator.email, action: "partner.endpoint.ping", subject: place.partner, before: null };
    await writeAudited(c.env.LEDGER, async () => ({ act: { ...act, after: { endpoint, ...answer } }, statements: [], result: undefined }));
    if (reply.status === "answered" && reply.httpStatus === GONE) await recordDisabled(c.env, endpoint, "gone", nowMs);
    return c.json(answer, 200);
  });
}
