import { createRoute, z } from "@hono/zod-openapi";
import { instant } from "../cards/card.ts";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals, takes } from "../http/openapi.ts";
import { beginStatement, goOnRebuilding, progressOf, redirectStatement } from "../ledger/rebuild/rebuild.ts";
import { lastRebuild, rebuildOf } from "../ledger/rebuild/under-way.ts";
import type { EndedRebuild, Rebuild, RebuildSource } from "../ledger/rebuild/under-way.ts";
import { countedRewards } from "../ledger/spanning.ts";
import { prizePool } from "../objects.ts";
import { Problem } from "../problem.ts";
import { writeAudited } from "./audit.ts";
import { campaignRow } from "./campaign-row.ts";
import { rebuildingProblem } from "./rebuilding.ts";
import { ADMIN_BODY_BYTES, campaignParams } from "./request.ts";
import { withRole } from "./with-role.ts";

const SOURCES = ["issuers", "lake"] as const;

const orderSchema = z.strictObject({
  from: z.enum(SOURCES),
  instead: z.literal(true).optional().openapi({
    description:
      "A rebuild from the other source that is under way goes on from this one: what it has made again is wiped. It cannot be given up, for the ledger is not whole",
  }),
  startedAt: z.int().optional().openapi({
    description:
      "As the first answer told it: this rebuild is gone on with, and none begun where it is done. Without it, one begins, or the one from there that is under way is told",
  }),
});

const progressSchema = z.object({
  from: z.enum(SOURCES),
  startedAt: z.int(),
  done: z.literal(false),
  phase: z.string(),
  cards: z.int(),
  blocks: z.int(),
  waitsFor: z.string().optional().openapi({ description: "Who does not answer: the next step is taken when they do" }),
});

const doneSchema = z.object({
  from: z.enum(SOURCES),
  startedAt: z.int(),
  done: z.literal(true),
  endedAt: instantSchema,
  cards: z.int(),
  blocks: z.int(),
  damaged: z.int().openapi({ description: "Objects of the lake that were not as they were written, and were left out" }),
  missing: z.int().openapi({ description: "Blocks that the ledger once had and the lake does not have" }),
  held: z.int().openapi({
    description:
      "Rewards that may have been granted, as far as can be known: nobody is asked for them before an operator releases them (`POST /admin/v1/rewards/redrive` with `held`)",
  }),
  faults: z.array(z.string()).openapi({ description: "What was damaged, missing or not to be asked; the first of many" }),
  hashBefore: z.string().openapi({ description: "SHA-256 of what the ledger said before it was wiped" }),
  hashAfter: z.string().openapi({ description: "SHA-256 of what it said at the end of the rebuild, before anything else was settled" }),
  rewards: z.object({ granted: z.int(), pending: z.int(), failed: z.int() }).openapi({ description: "As they stand now" }),
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
    ...refusals(
      "invalid_request",
      "access_token_invalid",
      "forbidden",
      "campaign_not_found",
      "campaign_state",
      "ledger_rebuilding",
      "body_too_large",
    ),
  },
});

export function postLedgerRebuild(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = await campaignRow(c.env, c.req.valid("param").campaign);
    const { from, startedAt, instead } = c.req.valid("json");
    const last = await lastRebuild(c.env, campaign);
    if (last?.status === "under_way" && last.source !== from && instead === true && startedAt === undefined) {
      return c.json(tell(await redirect(c.env, last, from, c.var.operator.email)), 200);
    }
    if (last?.status === "under_way" && (last.source !== from || (startedAt ?? last.startedAt) !== last.startedAt)) {
      throw rebuildingProblem(last);
    }
    if (startedAt === undefined && last?.status === "under_way") return c.json(tell(last), 200);
    if (startedAt === undefined) return c.json(tell(await begin(c.env, campaign, from, c.var.operator.email)), 200);
    if (last?.startedAt !== startedAt) throw new Problem("invalid_request", "No rebuild that can be told of was begun then");
    const waitsFor = (await goOnRebuilding(c.env, campaign))?.waitsFor;
    const now = await lastRebuild(c.env, campaign);
    if (now === null) throw new Error("a rebuild is gone");
    return c.json(now.status === "ended" ? await tellEnd(c.env, now) : tell({ ...now, ...(await progressOf(c.env, now)) }, waitsFor), 200);
  });
}

function tell({ source, startedAt, cursor, cards, blocks }: Rebuild, waitsFor?: string): z.output<typeof progressSchema> {
  const waiting = waitsFor === undefined ? {} : { waitsFor };
  return { from: source, startedAt, done: false, phase: cursor.phase, cards, blocks, ...waiting };
}

async function begin(env: Env, campaign: string, source: RebuildSource, begunBy: string): Promise<Rebuild> {
  if (source === "issuers" && (await prizePool(env, campaign).rules(campaign)) === null) {
    throw new Problem("campaign_state", "The campaign's pool does not know its issuers");
  }
  await writeAudited(env.LEDGER, async (db) => {
    const other = await rebuildOf(env, campaign);
    if (other !== null) throw rebuildingProblem(other);
    return {
      act: { actor: begunBy, action: "ledger.rebuild", subject: campaign, before: null, after: { from: source } },
      statements: [beginStatement(db, { campaign, source, begunBy }, Date.now())],
      result: undefined,
    };
  });
  const begun = await rebuildOf(env, campaign);
  if (begun === null) throw new Error("a rebuild that was begun is gone");
  return begun;
}

/** Has a rebuild go on from another source. One that has ended meanwhile stays as it is. */
async function redirect(env: Env, rebuild: Rebuild, source: RebuildSource, operator: string): Promise<Rebuild> {
  const { campaign } = rebuild;
  const now = await writeAudited(env.LEDGER, async (db) => ({
    act: { actor: operator, action: "ledger.rebuild", subject: campaign, before: { from: rebuild.source }, after: { from: source } },
    statements: [redirectStatement(db, rebuild, source, Date.now())],
    result: await rebuildOf(env, campaign),
  }));
  if (now === null) throw new Problem("campaign_state", "The rebuild has ended meanwhile");
  return (await rebuildOf(env, campaign)) ?? now;
}

async function tellEnd(env: Env, ended: EndedRebuild): Promise<z.output<typeof doneSchema>> {
  const { campaign, source, startedAt, endedAt, cards, blocks, damaged, missing, held, hashBefore, hashAfter } = ended;
  const faults = [...ended.faults];
  const counted = await countedRewards(env, campaign);
  const sum = (status: string) => counted.reduce((total, row) => (row.status === status ? total + row.count : total), 0);
  const rewards = { granted: sum("granted"), pending: sum("pending"), failed: sum("failed") };
  const told = { cards, blocks, damaged, missing, held, faults, hashBefore, hashAfter, rewards };
  return { from: source, startedAt, done: true, endedAt: instant(endedAt), ...told };
}
