import { createRoute, z } from "@hono/zod-openapi";
import { instant } from "../cards/card.ts";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals, takes } from "../http/openapi.ts";
import { ledgerHash } from "../ledger/content-hash.ts";
import { countBlocks, countCards, countRewards } from "../ledger/queries.ts";
import { beginStatement, goOnRebuilding } from "../ledger/rebuild/rebuild.ts";
import { rebuildOf } from "../ledger/rebuild/under-way.ts";
import type { Rebuild, RebuildSource } from "../ledger/rebuild/under-way.ts";
import { Problem } from "../problem.ts";
import { writeAudited } from "./audit.ts";
import { campaignRow } from "./campaign-row.ts";
import { ADMIN_BODY_BYTES, campaignParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const SOURCES = ["issuers", "lake"] as const;

const orderSchema = z.strictObject({
  from: z.enum(SOURCES),
  startedAt: z.int().optional().openapi({
    description: "As the first answer told it: this rebuild is gone on with, and none begun where it is done. Without it, one begins",
  }),
});

const progressSchema = z.object({
  from: z.enum(SOURCES),
  startedAt: z.int(),
  done: z.literal(false),
  phase: z.string(),
  cards: z.int(),
  blocks: z.int(),
  damaged: z.int().openapi({ description: "Objects of the lake that were not as they were written, and were left out" }),
  hashBefore: z.string().openapi({ description: "SHA-256 of what the ledger said before it was wiped" }),
});

const doneSchema = z.object({
  done: z.literal(true),
  at: instantSchema,
  hash: z.string().openapi({ description: "SHA-256 of what the ledger says now" }),
  cards: z.int(),
  blocks: z.int(),
  rewards: z.object({ granted: z.int(), pending: z.int(), failed: z.int() }),
});

const route = createRoute({
  method: "post",
  path: "/campaigns/{campaign}/ledger/rebuild",
  tags: ["Admin"],
  summary: "Wipe a campaign's ledger and make it again, from the issuers or the lake: some seconds of it a call",
  description:
    "While it is rebuilt, the campaign's blocks stay with their issuers, and what reads the ledger sees a part of it. A rebuild that is left is ended by the schedule.",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: { params: campaignParams, body: takes(orderSchema) },
  responses: {
    200: answers(z.discriminatedUnion("done", [progressSchema, doneSchema]), "Call again with `startedAt` until it is `done`"),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found", "ledger_rebuilding", "body_too_large"),
  },
});

export function postLedgerRebuild(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = await campaignRow(c.env, c.req.valid("param").campaign);
    const { from, startedAt } = c.req.valid("json");
    if (startedAt === undefined) return c.json(tell(await begin(c.env, campaign, from, c.var.operator.email)), 200);
    const now = await rebuildOf(c.env, campaign);
    if (now !== null && now.startedAt !== startedAt) throw new Problem("ledger_rebuilding");
    const rebuild = now === null ? null : await goOnRebuilding(c.env, campaign);
    return c.json(rebuild === null ? await whole(c.env, campaign) : tell(rebuild), 200);
  });
}

function tell({ source, startedAt, cursor, cards, blocks, damaged, hashBefore }: Rebuild): z.output<typeof progressSchema> {
  return { from: source, startedAt, done: false, phase: cursor.phase, cards, blocks, damaged, hashBefore };
}

async function begin(env: Env, campaign: string, source: RebuildSource, actor: string): Promise<Rebuild> {
  const hashBefore = await ledgerHash(env, campaign);
  await writeAudited(env.LEDGER, async (db) => {
    if ((await rebuildOf(env, campaign)) !== null) throw new Problem("ledger_rebuilding");
    const begun = { campaign, source, hashBefore };
    return {
      act: { actor, action: "ledger.rebuild", subject: campaign, before: null, after: { from: source, hashBefore } },
      statements: [beginStatement(db, begun, Date.now())],
      result: undefined,
    };
  });
  const begun = await rebuildOf(env, campaign);
  if (begun === null) throw new Error("a rebuild that was begun is gone");
  return begun;
}

async function whole(env: Env, campaign: string): Promise<z.output<typeof doneSchema>> {
  const [hash, cardRows, blocks, rewardRows] = await Promise.all([
    ledgerHash(env, campaign),
    countCards(env, campaign),
    countBlocks(env, campaign),
    countRewards(env, campaign),
  ]);
  const sum = (status: string) => rewardRows.reduce((total, row) => (row.status === status ? total + row.count : total), 0);
  const rewards = { granted: sum("granted"), pending: sum("pending"), failed: sum("failed") };
  return {
    done: true,
    at: instant(Date.now()),
    hash,
    cards: cardRows.reduce((total, { count }) => total + count, 0),
    blocks: [...blocks.values()].reduce((total, count) => total + count, 0),
    rewards,
  };
}
