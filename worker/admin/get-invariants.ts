import { createRoute, z } from "@hono/zod-openapi";
import { PRIZE_KINDS } from "../../durable-objects/protocol.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { invariants } from "../ledger/invariants.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { campaignRow } from "./campaign-row.ts";
import { campaignParams } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const balanceSchema = z
  .object({
    prize: z.string(),
    kind: z.enum(PRIZE_KINDS),
    loaded: z.int(),
    unleased: z.int(),
    held: z.int(),
    issued: z.int(),
    returned: z.int().openapi({ description: "Issued once, and stock again" }),
    issuedAsFallback: z.int(),
    redeemed: z.int(),
    settledIssued: z.int(),
    settledRedeemed: z.int(),
    rewards: z.object({ granted: z.int(), pending: z.int(), failed: z.int() }),
  })
  .openapi("PrizeBalance");

const missingSchema = z
  .object({
    shard: z.int(),
    block: z.int(),
    since: instantSchema,
    searches: z.int(),
    lostAt: instantSchema.optional().openapi({ description: "When neither its issuer nor the lake had it" }),
  })
  .openapi("MissingBlock");

const faultSchema = z
  .object({
    shard: z.int(),
    block: z.int(),
    kind: z.enum(["broken", "other_content", "altered"]),
    hash: z.string(),
    firstAt: instantSchema,
    lastAt: instantSchema,
  })
  .openapi("ChainFault");

const cardDifferenceSchema = z
  .object({ cardId: z.string(), faults: z.array(z.string()), firstAt: instantSchema, lastAt: instantSchema })
  .openapi("CardDifference");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/invariants",
  tags: ["Admin"],
  summary: "The pool, the issuers and the ledger held against each other",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: campaignParams },
  responses: {
    200: answers(
      z.object({
        campaign: z.string(),
        prizes: z.array(balanceSchema),
        unsettled: z.object({ blocks: z.int(), events: z.int() }),
        missing: z.array(missingSchema),
        chainFaults: z.array(faultSchema),
        cardDifferences: z.array(cardDifferenceSchema),
        heldRewards: z
          .int()
          .openapi({ description: "Rewards that may have been granted: nobody is asked for them before an operator releases them" }),
        rebuild: z
          .object({ from: z.enum(["issuers", "lake"]), startedAt: instantSchema })
          .optional()
          .openapi({ description: "The ledger is being rebuilt, and not whole" }),
        differences: z.array(z.string()),
      }),
      "`differences` is empty when everything holds",
    ),
    ...refusals("access_token_invalid", "forbidden", "campaign_not_found"),
  },
});

export function getInvariants(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const row = await campaignRow(c.env, c.req.valid("param").campaign);
    const report = await invariants(c.env, row.campaign);
    if (report === null) throw new Problem("campaign_not_found");
    const { campaign, prizes, unsettled, heldRewards, rebuild, differences } = report;
    const missing = report.missing.map(({ shard, block, since, searches, lostAt }) => ({
      shard,
      block,
      since: instant(since),
      searches,
      ...(lostAt === null ? {} : { lostAt: instant(lostAt) }),
    }));
    const chainFaults = report.chainFaults.map(({ shard, block, kind, hash, firstAt, lastAt }) => ({
      shard,
      block,
      kind,
      hash,
      firstAt: instant(firstAt),
      lastAt: instant(lastAt),
    }));
    const cardDifferences = report.cardDifferences.map(({ card, faults, firstAt, lastAt }) => ({
      cardId: card,
      faults: [...faults],
      firstAt: instant(firstAt),
      lastAt: instant(lastAt),
    }));
    return c.json(
      {
        campaign,
        prizes: prizes.map((prize) => ({ ...prize })),
        unsettled,
        missing,
        chainFaults,
        cardDifferences,
        heldRewards,
        ...(rebuild === null ? {} : { rebuild: { from: rebuild.from, startedAt: instant(rebuild.startedAt) } }),
        differences: [...differences],
      },
      200,
    );
  });
}
