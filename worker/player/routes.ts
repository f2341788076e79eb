import { OpenAPIHono } from "@hono/zod-openapi";
import type { App, PlayerEdge } from "../http/edge.ts";
import { refuseFaults } from "../http/faults.ts";
import { getCampaign } from "./get-campaign.ts";
import { getCard } from "./get-card.ts";
import { getFairness } from "./get-fairness.ts";
import { getOwnCards } from "./get-own-cards.ts";
import { getProof } from "./get-proof.ts";
import { getReward } from "./get-reward.ts";
import { postPlay } from "./post-play.ts";
import { postRedeem } from "./post-redeem.ts";
import { postReveal } from "./post-reveal.ts";
import { postSession } from "./post-session.ts";

/** What the page of a user calls, below `/player/v1`. */
export function playerRoutes(): App<PlayerEdge> {
  const app = new OpenAPIHono<PlayerEdge>({ defaultHook: refuseFaults });
  for (const add of [postSession, getCampaign, getFairness, getOwnCards, getCard, postReveal, postRedeem, getReward, getProof, postPlay])
    add(app);
  return app;
}
