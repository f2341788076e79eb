import type { LeaseReply } from "../../../durable-objects/protocol.ts";
import app from "../../../worker/index.ts";

export { CardIssuer, PrizePool, RewardGate, WebhookEndpoint } from "../../../worker/index.ts";

const PROBE = /^\/probe\/([^/]+)\/lease\/(\d+)\/(\d+)$/;

/** The app, and beside it `/probe/<campaign>/lease/<request>/<cards>`: a lease as the campaign's first issuer would get it. */
export default {
  ...app,
  fetch: (request, env, ctx) => {
    const [, campaign, number, want] = PROBE.exec(new URL(request.url).pathname) ?? [];
    return campaign === undefined ? app.fetch(request, env, ctx) : lease(env, campaign, { request: Number(number), want: Number(want) });
  },
} satisfies ExportedHandler<Env>;

async function lease(env: Env, campaign: string, ask: { readonly request: number; readonly want: number }): Promise<Response> {
  // What RPC returns is typed as what can be disposed of, and no `Uint16Array` is.
  const reply = (await env.PRIZE_POOL.getByName(campaign).lease({ campaign, shard: 0, ...ask })) as LeaseReply;
  if (reply.status !== "granted") return Response.json({ status: reply.status });
  const { segment, start, prizes, ordinals, codes } = reply.lease;
  const counts = prizes.map(() => 0);
  for (const ordinal of ordinals) counts[ordinal] = (counts[ordinal] ?? 0) + 1;
  const cards = Object.fromEntries(prizes.map((prize, ordinal) => [prize, counts[ordinal] ?? 0]));
  return Response.json({ status: "granted", segment, start, cards, codes: codes?.filter((code) => code !== null) ?? [] });
}
