import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { drawsSchema, toDraw } from "../../../worker/partner/draw-request.ts";
import { findPartnerKey } from "../../../worker/partner/keys.ts";
import { verifyRequest } from "../../../worker/partner/verify.ts";
import { Problem } from "../../../worker/problem.ts";
import type { Draw } from "../../../durable-objects/protocol.ts";

export interface NaiveResult {
  readonly status: "issued" | "replayed" | "limit_reached" | "sold_out";
  readonly cardId: string | null;
}

/** A campaign and its stock, put where the design keeps them; the deck is shuffled already. */
export interface Loading {
  readonly limit: number;
  readonly deck: readonly string[];
}

/** A card as it stands. */
export interface NaiveCard {
  readonly requestId: string;
  readonly state: string;
}

/** How a design issues. */
export interface NaiveDesign<Bindings extends Env> {
  load(env: Bindings, campaign: string, loading: Loading): Promise<void>;
  draw(env: Bindings, campaign: string, draws: readonly Draw[]): Promise<readonly NaiveResult[]>;
  card(env: Bindings, campaign: string, cardId: string): Promise<NaiveCard | null>;
}

/** The edge before a design: what a team would write who have Hono, zod and the same library for signatures. */
export function signedDraws<Bindings extends Env>(design: NaiveDesign<Bindings>) {
  const app = new Hono<{ Bindings: Bindings }>();
  app.post("/:design/partner/v1/campaigns/:campaign/draws", async (c) => {
    const campaign = c.req.param("campaign");
    const body = new Uint8Array(await c.req.arrayBuffer());
    const nowMs = Date.now();
    try {
      await verifyRequest(c.req.raw, body, { findKey: (keyId) => findPartnerKey(c.env, keyId, nowMs), nowMs });
    } catch (error) {
      if (error instanceof Problem) return c.json({ code: error.code }, 401);
      throw error;
    }
    const parsed = drawsSchema.safeParse(parse(body));
    if (!parsed.success) return c.json({ code: "invalid_request" }, 400);
    const draws = parsed.data.draws.map(toDraw);
    const results = await design.draw(c.env, campaign, draws);
    return c.json({
      results: results.map(({ status, cardId }, i) => ({
        requestId: draws[i]?.requestId,
        status,
        ...(cardId === null ? {} : { cardId, url: `https://liff.line.me/1/c/${campaign}/${cardId}` }),
      })),
    });
  });
  app.get("/:design/cards/:campaign/:card", async (c) => {
    const card = await design.card(c.env, c.req.param("campaign"), c.req.param("card"));
    return card === null ? c.json({ code: "card_not_found" }, 404) : c.json(card);
  });
  app.post("/:design/load/:campaign", async (c) => {
    await design.load(c.env, c.req.param("campaign"), await c.req.json<Loading>());
    return c.json({});
  });
  return app;
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
