import { createRoute, z } from "@hono/zod-openapi";
import { LIFECYCLE_VERBS } from "../../durable-objects/protocol.ts";
import type { CampaignRules, LifecycleReply, LifecycleVerb } from "../../durable-objects/protocol.ts";
import { recordStatus } from "../campaign/publish.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { prizePool } from "../objects.ts";
import { ADMIN_SECURITY, answers, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { writeAudited } from "./audit.ts";
import { campaignRow } from "./campaign-row.ts";
import { campaignParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const lifecycleSchema = z
  .object({
    campaign: z.string(),
    status: z.enum(["draft", "open", "paused", "closed"]),
    version: z.int(),
    shards: z.array(z.object({ shard: z.int(), lastBlock: z.int() })),
  })
  .openapi("LifecycleDone");

const SUMMARIES: Readonly<Record<LifecycleVerb, string>> = {
  open: "Open a campaign; its number of shards is fixed from then on",
  pause: "Pause: nothing is issued after the answer",
  resume: "Resume a paused campaign",
  close: "Close for good, and publish the seeds of the decks",
};

function routeOf(verb: LifecycleVerb) {
  return createRoute({
    method: "post",
    path: `/campaigns/{campaign}/${verb}`,
    tags: ["Admin"],
    summary: SUMMARIES[verb],
    security: ADMIN_SECURITY,
    middleware: withRole("operator"),
    request: { params: campaignParams },
    responses: {
      200: answers(lifecycleSchema, "Every issuer has heard it; with the number of each one's last block"),
      ...refusals("access_token_invalid", "forbidden", "campaign_not_found", "campaign_state", "overloaded"),
    },
  });
}

/** The four verbs of a campaign's life. */
export function postLifecycle(app: App<AdminEdge>): void {
  for (const verb of LIFECYCLE_VERBS) {
    app.openapi(routeOf(verb), async (c) => {
      const { campaign } = c.req.valid("param");
      const before = await campaignRow(c.env, campaign);
      const reply = accepted(await prizePool(c.env, campaign).changeStatus(campaign, verb));
      await recordStatus(c.env, reply.rules);
      await writeAudited(c.env.LEDGER, async () => ({
        act: {
          actor: c.var.operator.email,
          action: `campaign.${verb}`,
          subject: campaign,
          before: stateOf(before),
          after: stateOf(reply.rules),
        },
        statements: [],
        result: undefined,
      }));
      if (reply.status === "unreached") {
        throw new Problem("overloaded", "not every issuer has heard it yet; they are being told, ask again", {
          members: { shards: reply.shards },
        });
      }
      const { status, version } = reply.rules;
      return c.json({ campaign, status, version, shards: [...reply.shards] }, 200);
    });
  }
}

type Accepted = Extract<LifecycleReply, { rules: CampaignRules }>;

function accepted(reply: LifecycleReply): Accepted {
  switch (reply.status) {
    case "done":
    case "unreached":
      return reply;
    case "wrong_state":
      throw new Problem("campaign_state", `the campaign is ${reply.current}`, { members: { current: reply.current } });
    case "no_stock":
      throw new Problem("campaign_state", "the campaign has no stock: upload a prize pool first");
    case "ended":
      throw new Problem(
        "campaign_state",
        `the campaign was over at ${instant(reply.endsAtMs)}: upload a campaign.json with a later endsAt`,
      );
    case "campaign_unknown":
      throw new Problem("campaign_not_found");
  }
}

function stateOf({ status, version }: Pick<CampaignRules, "status" | "version">) {
  return { status, version };
}
