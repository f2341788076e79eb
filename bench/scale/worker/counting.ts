// First of all: it teaches zod what schemas say of themselves.
import app from "../../cost/worker/index.ts";
import type { NaiveLifeEnv } from "../../cost/worker/naive/pool.ts";
import { drawBy } from "../../../durable-objects/draw-columns.ts";
import { issuerName } from "../../../durable-objects/protocol.ts";
import type { Draw } from "../../../durable-objects/protocol.ts";
import { publishedCampaign } from "../../../worker/campaign/published.ts";

export { CardIssuer, NaivePool, PrizePool, RewardGate, WebhookEndpoint } from "../../cost/worker/index.ts";

const DRAWS = /^\/scale\/draws\/([^/]+)\/(\d+)$/;

/** The app as it is, counting as `bench/cost` counts, and beside it `/scale/draws/{campaign}/{draws}`: so many draws at each shard, by RPC. */
export default {
  ...app,
  async fetch(request, env, ctx) {
    const [, campaign, draws] = DRAWS.exec(new URL(request.url).pathname) ?? [];
    if (campaign === undefined) return app.fetch(request, env, ctx);
    const { shards } = await publishedCampaign(env, campaign);
    const all = Array.from({ length: shards }, (_, shard) => ({ campaign, shard, shards }));
    const replies = await Promise.all(
      all.map((at) => drawBy(env.CARD_ISSUER.getByName(issuerName(at)), { ...at, draws: Array.from({ length: Number(draws) }, newDraw) })),
    );
    const results = replies.flatMap((reply) => (reply.status === "done" ? reply.results : []));
    return Response.json({ cards: results.filter(({ status }) => status === "issued").length });
  },
} satisfies ExportedHandler<NaiveLifeEnv>;

function newDraw(): Draw {
  const id = crypto.randomUUID();
  return { requestId: id, recipient: `visitor-${id}`, lineUserId: null, metadata: null };
}
