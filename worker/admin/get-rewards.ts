import { createRoute, z } from "@hono/zod-openapi";
import type { AdminEdge, App } from "../http/edge.ts";
import { rewardsOf } from "../ledger/spanning.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { campaignParams, rowLimit } from "./request.ts";
import { rewardRowSchema, rewardStatus, shownReward } from "./reward-row.ts";
import { withAnyRole } from "./with-role.ts";

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/rewards",
  tags: ["Admin"],
  summary: "The rewards of a campaign",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: {
    params: campaignParams,
    query: z.strictObject({
      status: rewardStatus.optional(),
      cursor: z.string().max(200).optional(),
      limit: rowLimit,
    }),
  },
  responses: {
    200: answers(z.object({ rewards: z.array(rewardRowSchema), next: z.string().nullable() }), "`next` is the cursor of the next page"),
    ...refusals("invalid_request", "access_token_invalid", "forbidden"),
  },
});

export function getRewards(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { rows, next } = await rewardsOf(c.env, { ...c.req.valid("param"), ...c.req.valid("query") });
    return c.json({ rewards: rows.map(shownReward), next }, 200);
  });
}
