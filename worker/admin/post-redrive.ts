import { createRoute, z } from "@hono/zod-openapi";
import { drizzle } from "drizzle-orm/d1";
import { campaignIdSchema } from "../campaign/schema.ts";
import { errorText } from "../error-text.ts";
import { jsonBody } from "../http/body.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, refusals, takes } from "../http/openapi.ts";
import { ledgersOf } from "../ledger/ledgers.ts";
import type { RewardRow } from "../ledger/queries.ts";
import { sendRewards } from "../rewards/message.ts";
import { planRedriveIn, redriveStatements, releaseHeld, REWARDS_PER_REDRIVE } from "../rewards/redrive.ts";
import type { RedrivePlan } from "../rewards/redrive.ts";
import { writeAuditedIn } from "./audit.ts";
import { wholeCampaignRow } from "./campaign-row.ts";
import { ADMIN_BODY_BYTES } from "./request.ts";
import { withRole } from "./with-role.ts";

const MAX_CARD_ID_LENGTH = 64;

const wishSchema = z.strictObject({
  campaign: campaignIdSchema,
  ids: z.array(z.string().min(1).max(MAX_CARD_ID_LENGTH)).min(1).max(REWARDS_PER_REDRIVE).optional(),
  dryRun: z.boolean().default(false),
  held: z.boolean().default(false).openapi({
    description:
      "Those that are held, for it is not known whether they were granted, instead of those that failed. A provider that has granted one, and does not know its key any more, grants it twice",
  }),
});

const redriveSchema = z
  .object({
    campaign: z.string(),
    dryRun: z.boolean(),
    redriven: z.array(z.object({ cardId: z.string(), prize: z.string(), attempts: z.int(), lastError: z.string().optional() })),
    skipped: z.array(z.object({ cardId: z.string(), status: z.enum(["pending", "granted", "failed", "unknown"]) })),
    remaining: z.int(),
  })
  .openapi("Redrive");

const route = createRoute({
  method: "post",
  path: "/rewards/redrive",
  tags: ["Admin"],
  summary: "Ask again for rewards that failed or, with `held`, are held: all of a campaign, or those of these cards",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: { body: takes(wishSchema) },
  responses: {
    200: answers(
      redriveSchema,
      `What was redriven (with \`dryRun\`: what would be), each as it was; \`remaining\` such ones are left: at most ${REWARDS_PER_REDRIVE} go in one call`,
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden", "campaign_not_found", "ledger_rebuilding", "body_too_large"),
  },
});

export function postRedrive(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, ids, dryRun, held } = c.req.valid("json");
    const wish = { campaign, ids, held };
    await wholeCampaignRow(c.env, campaign);
    const ledgers = await ledgersOf(c.env, campaign);
    const planned = await planRedriveIn(ledgers, wish);
    if (dryRun || planned.plan.taken.length === 0) return c.json(shown(campaign, dryRun, planned.plan), 200);
    const nowMs = Date.now();
    const done = await writeAuditedIn(c.env, async () => {
      const { plan, inLedgers } = await planRedriveIn(ledgers, wish);
      const what = held ? "held" : "failed";
      return {
        act: {
          actor: c.var.operator.email,
          action: held ? "rewards.release" : "rewards.redrive",
          subject: campaign,
          before: { [what]: plan.taken.length + plan.remaining },
          after: { [what]: plan.remaining, redriven: plan.taken.map(({ card }) => card) },
        },
        writes: inLedgers.map(({ ledger, taken }) => {
          const db = drizzle(ledger.LEDGER);
          return { ledger, statements: held ? [releaseHeld(db, taken, nowMs)] : redriveStatements(db, taken, nowMs) };
        }),
        result: plan,
      };
    });
    await send(c.env, done.taken);
    return c.json(shown(campaign, false, done), 200);
  });
}

/** A send that is lost is mended by the sweeper, for the ledger says that they are due. */
async function send(env: Env, redriven: readonly RewardRow[]): Promise<void> {
  try {
    await sendRewards(env, redriven);
  } catch (error) {
    console.warn(JSON.stringify({ message: "redriven rewards wait for the sweeper", count: redriven.length, error: errorText(error) }));
  }
}

function shown(campaign: string, dryRun: boolean, { taken, skipped, remaining }: RedrivePlan): z.output<typeof redriveSchema> {
  return {
    campaign,
    dryRun,
    redriven: taken.map(({ card, prize, attempts, lastError }) => ({
      cardId: card,
      prize,
      attempts,
      ...(lastError === null ? {} : { lastError }),
    })),
    skipped: skipped.map(({ card, status }) => ({ cardId: card, status: status ?? "unknown" })),
    remaining,
  };
}
