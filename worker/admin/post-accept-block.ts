import { createRoute, z } from "@hono/zod-openapi";
import { drizzle } from "drizzle-orm/d1";
import { errorText } from "../error-text.ts";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals, takes } from "../http/openapi.ts";
import { acceptStatement, standingFault } from "../ledger/chain-faults.ts";
import { ledgerOf } from "../ledger/ledgers.ts";
import { cardIssuer } from "../objects.ts";
import { Problem } from "../problem.ts";
import { writeAuditedIn } from "./audit.ts";
import { campaignRow } from "./campaign-row.ts";
import { ADMIN_BODY_BYTES, campaignParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const blockSchema = z.strictObject({
  shard: z.int().min(0),
  block: z.int().min(1),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .openapi({ description: "The block's, as `…/invariants` tells it: no other content of its number is accepted with it" }),
});

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/blocks/accept",
  tags: ["Admin"],
  summary: "Have a block applied though it is not chained to those beside it, or let one stand that is in the ledger so",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: { params: campaignParams, body: takes(blockSchema) },
  responses: {
    200: answers(
      z.object({ campaign: z.string(), shard: z.int(), block: z.int(), hash: z.string() }),
      "Its issuer is asked to send it again",
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found", "block_not_found", "body_too_large"),
  },
});

export function postAcceptBlock(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = await campaignRow(c.env, c.req.valid("param").campaign);
    const place = { campaign, ...c.req.valid("json") };
    const nowMs = Date.now();
    const ledger = await ledgerOf(c.env, place);
    const db = drizzle(ledger.LEDGER);
    await writeAuditedIn(c.env, async () => {
      const fault = await standingFault(db, place);
      if (fault === null) throw new Problem("block_not_found");
      return {
        act: {
          actor: c.var.operator.email,
          action: "block.accept",
          subject: campaign,
          before: fault,
          after: { ...fault, acceptedAt: nowMs },
        },
        writes: [{ ledger, statements: [acceptStatement(db, place, nowMs)] }],
        result: undefined,
      };
    });
    await askAgain(c.env, place);
    return c.json(place, 200);
  });
}

/** Where this fails, the issuer sends the block again by itself. */
async function askAgain(env: Env, { campaign, shard, block }: { campaign: string; shard: number; block: number }): Promise<void> {
  try {
    await cardIssuer(env, { campaign, shard }).resend({ campaign, shard }, [block]);
  } catch (error) {
    console.warn(
      JSON.stringify({ message: "an accepted block comes when its issuer sends it", campaign, shard, block, error: errorText(error) }),
    );
  }
}
