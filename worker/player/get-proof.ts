import { createRoute, z } from "@hono/zod-openapi";
import { askCard, locateCard } from "../cards/card.ts";
import type { App, PlayerEdge } from "../http/edge.ts";
import { prizePool } from "../objects.ts";
import { answers, PLAYER_SECURITY, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { placeSchema } from "./place.ts";
import { cardParams } from "./request.ts";
import { withSession } from "./with-session.ts";

const cardProofSchema = z
  .object({
    campaign: z.string(),
    cardId: z.string(),
    prize: z.string(),
    place: placeSchema.optional().openapi({ description: "Absent for a card that was dealt after the stock was gone" }),
    commitment: z.string().optional(),
    inclusion: z
      .object({
        deck: z.int(),
        index: z.int().openapi({ description: "Of the card in its deck" }),
        size: z.int().openapi({ description: "Cards of the deck" }),
        salt: z.string(),
        path: z.array(z.string()).openapi({ description: "Sibling hashes, the leaf's first" }),
        root: z.string(),
      })
      .optional()
      .openapi({
        description:
          "RFC 9162 over leaves SHA-256 of 0x00, salt, index (four bytes, highest first) and prize; absent where the segment has its commitment alone",
      }),
  })
  .openapi("CardProof");

const route = createRoute({
  method: "get",
  path: "/campaigns/{campaign}/cards/{cardId}/proof",
  tags: ["Player"],
  summary: "That a revealed card stood in its deck before the first draw: its place, and its path to the published root",
  security: PLAYER_SECURITY,
  middleware: withSession,
  request: { params: cardParams },
  responses: {
    200: answers(cardProofSchema, "`npm run verify -- --proof` checks it without asking anybody"),
    ...refusals("session_invalid", "card_not_found", "not_revealed", "rate_limited", "overloaded"),
  },
});

export function getProof(app: App<PlayerEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign, cardId } = c.req.valid("param");
    const command = locateCard(c.env, campaign, cardId);
    const card = await askCard(c.env, command, (issuer) => issuer.card(command));
    if (card.lineUserId !== c.var.session.sub) throw new Problem("card_not_found");
    if (card.revealedAtMs === null) throw new Problem("not_revealed");
    const { prize, place } = card;
    if (place === null) return c.json({ campaign, cardId, prize }, 200);
    const reply = await prizePool(c.env, campaign).proof(campaign, place.segment, place.position);
    if (reply.status === "overloaded") throw new Problem("overloaded");
    const { commitment } = reply;
    const inclusion = reply.status === "proven" ? { inclusion: { ...reply.proof, path: [...reply.proof.path] } } : {};
    return c.json({ campaign, cardId, prize, place, commitment, ...inclusion }, 200);
  });
}
