import { createRoute, z } from "@hono/zod-openapi";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals, takes } from "../http/openapi.ts";
import { providerReportSchema } from "../ledger/reconcile/compare-providers.ts";
import { FIRST_STEP, reconcileCursorSchema, reconcileStep } from "../ledger/reconcile/step.ts";
import { wasRebuiltSince } from "../ledger/rebuild/under-way.ts";
import { Problem } from "../problem.ts";
import { wholeCampaignRow } from "./campaign-row.ts";
import { ADMIN_BODY_BYTES, campaignParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/reconcile",
  tags: ["Admin"],
  summary: "One step of holding the issuers, the ledger and the reward providers' own lists against each other, card by card",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: { params: campaignParams, body: takes(z.strictObject({ cursor: reconcileCursorSchema.optional() })) },
  responses: {
    200: answers(
      z.object({
        next: reconcileCursorSchema.nullable(),
        compared: z.int(),
        waiting: z.int(),
        differences: z.array(z.object({ cardId: z.string(), faults: z.array(z.string()) })),
        provider: providerReportSchema.optional(),
      }),
      "`next` is the cursor of the next step, null after the last; of cards that are `waiting`, events are on their way to the ledger. `provider` is there when the step " +
        "looked at a reward provider: `compared` with a page of its list, `unlisted` where it has none, `unasked` where it could not be asked: the same cursor asks it again",
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found", "ledger_rebuilding", "body_too_large"),
  },
});

export function postReconcile(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, shards } = await wholeCampaignRow(c.env, c.req.valid("param").campaign);
    const beganMs = Date.now();
    const step = await reconcileStep(c.env, campaign, shards, c.req.valid("json").cursor ?? FIRST_STEP);
    if (await wasRebuiltSince(c.env, campaign, beganMs))
      throw new Problem("ledger_rebuilding", "A rebuild of the campaign's ledger began meanwhile");
    const differences = step.differences.map(({ card, faults }) => ({ cardId: card, faults: [...faults] }));
    return c.json({ ...step, differences }, 200);
  });
}
