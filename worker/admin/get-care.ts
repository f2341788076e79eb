import { createRoute, z } from "@hono/zod-openapi";
import { CARD_STATES, MAX_FOUND_CARDS } from "../../durable-objects/protocol.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import type { CardHistory } from "../ledger/queries.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { findCareCards } from "./find-care-cards.ts";
import { rewardRowSchema, shownReward } from "./reward-row.ts";
import { withRole } from "./with-role.ts";

/** That of a code, the longest that is looked for. */
const MAX_SOUGHT_LENGTH = 200;

const careCardSchema = z
  .object({
    cardId: z.string(),
    campaign: z.string(),
    state: z.enum(CARD_STATES),
    prize: z.string(),
    requestId: z.string().optional(),
    recipient: z.string().optional(),
    lineUserId: z.string().optional(),
    metadata: z.string().optional(),
    code: z.string().optional(),
    expiresAt: instantSchema.optional(),
    reward: rewardRowSchema.optional(),
    timeline: z.array(z.object({ at: instantSchema, what: z.string() })),
  })
  .openapi("CareCard");

const route = createRoute({
  method: "get",
  path: "/care",
  tags: ["Admin"],
  summary: "The cards of a card id, LINE user id, recipient, request id or code, newest first, with their whole timeline",
  security: ADMIN_SECURITY,
  middleware: withRole("care", "operator"),
  request: {
    query: z.strictObject({
      q: z
        .string()
        .min(1)
        .max(MAX_SOUGHT_LENGTH)
        .refine((text) => text.trim() !== "", "must not be blank"),
    }),
  },
  responses: {
    200: answers(
      z.object({ cards: z.array(careCardSchema) }),
      `None found is an empty list; of more than ${MAX_FOUND_CARDS}, it is the newest`,
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden"),
  },
});

export function getCare(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const found = await findCareCards(c.env, c.req.valid("query").q);
    return c.json({ cards: found.map(careCard) }, 200);
  });
}

/** A card with everything that happened to it and to its reward, in order. */
function careCard({ card, reward }: CardHistory): z.output<typeof careCardSchema> {
  return {
    cardId: card.card,
    campaign: card.campaign,
    state: card.state,
    prize: card.prize,
    ...(card.request === null ? {} : { requestId: card.request }),
    ...(card.recipient === null ? {} : { recipient: card.recipient }),
    ...(card.lineUser === null ? {} : { lineUserId: card.lineUser }),
    ...(card.metadata === null ? {} : { metadata: card.metadata }),
    ...(card.code === null ? {} : { code: card.code }),
    ...(card.expiresAt === null ? {} : { expiresAt: instant(card.expiresAt) }),
    ...(reward === null ? {} : { reward: shownReward(reward) }),
    timeline: timelineOf({ card, reward }),
  };
}

function timelineOf({ card, reward }: CardHistory): { at: string; what: string }[] {
  const happened: [number | null | undefined, string][] = [
    [card.issuedAt, "issued"],
    [card.revealedAt, "revealed"],
    [card.redeemedAt, "redeemed"],
    [reward?.createdAt, "reward due"],
    [reward?.grantedAt, "reward granted"],
    [card.usedAt, card.store === null ? "used" : `used at ${card.store}`],
    [card.endedAt, card.state === "voided" ? `voided: ${card.reason ?? ""}` : "expired"],
  ];
  return happened
    .flatMap(([at, what]) => (typeof at === "number" ? [{ at, what }] : []))
    .sort((a, b) => a.at - b.at)
    .map(({ at, what }) => ({ at: instant(at), what }));
}
