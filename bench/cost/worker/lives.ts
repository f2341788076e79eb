import { drawBy } from "../../../durable-objects/draw-columns.ts";
import { issuerName } from "../../../durable-objects/protocol.ts";
import type { CardReply, Draw } from "../../../durable-objects/protocol.ts";
import { publishedCampaign } from "../../../worker/campaign/published.ts";

/** `POST /cost/lives/{campaign}/{cards}`: so many cards are drawn, scratched and redeemed, by RPC: HTTP here takes longer than all that is counted. */
export async function liveCards(env: Env, campaign: string, cards: number): Promise<Response> {
  const { shards } = await publishedCampaign(env, campaign);
  const each = Math.ceil(cards / shards);
  const lived = await Promise.all(Array.from({ length: shards }, (_, shard) => liveAtShard(env, { campaign, shard, shards }, each)));
  return Response.json({ cards: lived.reduce((sum, one) => sum + one, 0) });
}

async function liveAtShard(env: Env, at: { campaign: string; shard: number; shards: number }, cards: number): Promise<number> {
  const issuer = env.CARD_ISSUER.getByName(issuerName(at));
  const reply = await drawBy(issuer, { ...at, draws: Array.from({ length: cards }, newDraw) });
  if (reply.status !== "done") throw new Error(`the draw was ${reply.status}`);
  await Promise.all(
    reply.results.map(async (result) => {
      if (!("cardId" in result)) throw new Error(`a draw was ${result.status}`);
      const card = { campaign: at.campaign, shard: at.shard, cardId: result.cardId };
      const lineUserId = `U${crypto.randomUUID().replaceAll("-", "")}`;
      check(await issuer.reveal({ ...card, lineUserId, trail: null }));
      check(await issuer.redeem({ ...card, lineUserId }));
    }),
  );
  return cards;
}

function newDraw(): Draw {
  const id = crypto.randomUUID();
  return { requestId: id, recipient: `visitor-${id}`, lineUserId: null, metadata: null };
}

function check({ status }: CardReply): void {
  if (status !== "ok") throw new Error(`a call was answered ${status}`);
}
