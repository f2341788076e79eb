import { createRoute, z } from "@hono/zod-openapi";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { statsOf } from "../ledger/spanning.ts";
import type { PrizeCounts } from "../ledger/stats.ts";
import { Problem } from "../problem.ts";
import { campaignRow } from "./campaign-row.ts";
import { campaignParams } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const MINUTE_MS = 60_000;
const UNITS_MS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: 1_440 * MINUTE_MS };
/** A day minute by minute, two months hour by hour: what a chart can show. */
const MAX_STEPS = 1_440;
/** Of step and prize: about five megabytes. */
const MAX_ROWS = 20_000;

const step = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, "a number of minutes, hours or days, as 1m, 15m, 1h, 1d")
  .default("1m");

const querySchema = z
  .strictObject({ from: instantSchema, to: instantSchema, step })
  .refine(({ from, to }) => Date.parse(to) > Date.parse(from), { path: ["to"], message: "after `from`" })
  .refine((query) => (Date.parse(query.to) - Date.parse(query.from)) / stepMs(query.step) <= MAX_STEPS, {
    path: ["step"],
    message: `so that there are at most ${MAX_STEPS} steps`,
  });

const count = z.int().min(0);
const countsSchema = z
  .object({
    at: instantSchema,
    prize: z.string(),
    issued: count,
    issuedAsFallback: count,
    revealed: count,
    redeemed: count,
    used: count,
    voided: count,
    expired: count,
    rewards: z.object({ granted: count, failed: count }),
  })
  .openapi("PrizeCounts");

const statsSchema = z
  .object({ campaign: z.string(), from: instantSchema, to: instantSchema, step: z.string(), counts: z.array(countsSchema) })
  .openapi("Stats");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/stats",
  tags: ["Admin"],
  summary: "What happened to a campaign's cards and rewards in a time, by step and prize",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { params: campaignParams, query: querySchema },
  responses: {
    200: answers(
      statsSchema,
      "As settled, about a second behind. Steps begin at the minute of `from`, and end before `to`; where nothing happened there is no row. `issued` came from the stock; a failed reward that was redriven counts as failed no more",
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found"),
  },
});

export function getStats(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = await campaignRow(c.env, c.req.valid("param").campaign);
    const query = c.req.valid("query");
    const fromMs = Math.floor(Date.parse(query.from) / MINUTE_MS) * MINUTE_MS;
    const toMs = Date.parse(query.to);
    const rows = await statsOf(c.env, { campaign, fromMs, toMs, stepMs: stepMs(query.step), limit: MAX_ROWS + 1 });
    if (rows.length > MAX_ROWS)
      throw new Problem("invalid_request", `there are more than ${MAX_ROWS} rows: take longer steps or less time`);
    return c.json({ campaign, from: instant(fromMs), to: instant(toMs), step: query.step, counts: rows.map(shown) }, 200);
  });
}

function stepMs(text: string): number {
  return Number.parseInt(text, 10) * (UNITS_MS[text.slice(-1)] ?? MINUTE_MS);
}

function shown({ atMs, prize, ...of }: PrizeCounts): z.output<typeof countsSchema> {
  const { issued, issued_as_fallback: issuedAsFallback, revealed, redeemed, used, voided, expired } = of;
  const rewards = { granted: of.reward_granted, failed: of.reward_failed };
  return { at: instant(atMs), prize, issued, issuedAsFallback, revealed, redeemed, used, voided, expired, rewards };
}
