import { createRoute, z } from "@hono/zod-openapi";
import { CARD_STATES } from "../../durable-objects/protocol.ts";
import type { CampaignSnapshot } from "../campaign/schema.ts";
import { publishedCampaign } from "../campaign/published.ts";
import { instant, stateAt } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { readCursor } from "../ledger/queries.ts";
import type { LedgerCard } from "../ledger/queries.ts";
import { ownCardsOf } from "../ledger/spanning.ts";
import { answers, instantSchema, PLAYER_SECURITY, refusals } from "../http/openapi.ts";
import { campaignFace, prizeFaceSchema } from "./face.ts";
import { campaignParams } from "./request.ts";
import { withSession } from "./with-session.ts";

const MAX_CARDS_A_PAGE = 50;
const DEFAULT_CARDS_A_PAGE = 20;

const ownCardSchema = z
  .object({
    cardId: z.string(),
    state: z.enum(CARD_STATES),
    issuedAt: instantSchema.optional(),
    expiresAt: instantSchema.optional(),
    revealedAt: instantSchema.optional(),
    redeemedAt: instantSchema.optional(),
    prize: prizeFaceSchema.optional().openapi({ description: "Only of a revealed card" }),
  })
  .openapi("OwnCard");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/cards",
  tags: ["Player"],
  summary: "The caller's own cards, newest first; the ledger is about a second behind",
  security: PLAYER_SECURITY,
  middleware: withSession,
  request: {
    params: campaignParams,
    query: z.strictObject({
      cursor: z
        .string()
        .max(200)
        .transform((text, ctx) => {
          const cursor = readCursor(text);
          if (cursor === null) ctx.addIssue({ code: "custom", message: "not a cursor that this call gave" });
          return cursor;
        })
        .optional(),
      limit: z.coerce.number().int().min(1).max(MAX_CARDS_A_PAGE).default(DEFAULT_CARDS_A_PAGE),
    }),
  },
  responses: {
    200: answers(z.object({ cards: z.array(ownCardSchema), next: z.string().nullable() }), "`next` is the cursor of the next page"),
    ...refusals("invalid_request", "session_invalid", "campaign_not_found", "rate_limited"),
  },
});

export function getOwnCards(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("param");
    const snapshot = await publishedCampaign(c.env, campaign);
    const { cursor, limit } = c.req.valid("query");
    const { rows, next } = await ownCardsOf(c.env, { campaign, lineUserId: c.var.session.sub, after: cursor ?? null, limit });
    return c.json({ cards: rows.map((card) => ownCard(snapshot, card)), next }, 200);
  });
}

/** A card as its owner may see it: the ledger knows the prize of every card, and says it only of those that were scratched. */
export function ownCard(snapshot: CampaignSnapshot, card: LedgerCard): z.output<typeof ownCardSchema> {
  const prize = card.revealedAt === null ? undefined : campaignFace(snapshot).prizes.find(({ id }) => id === card.prize);
  return {
    cardId: card.card,
    state: stateAt(Date.now(), card.state, card.expiresAt),
    ...(card.issuedAt === null ? {} : { issuedAt: instant(card.issuedAt) }),
    ...(card.expiresAt === null ? {} : { expiresAt: instant(card.expiresAt) }),
    ...(card.revealedAt === null ? {} : { revealedAt: instant(card.revealedAt) }),
    ...(card.redeemedAt === null ? {} : { redeemedAt: instant(card.redeemedAt) }),
    ...(prize === undefined ? {} : { prize }),
  };
}
