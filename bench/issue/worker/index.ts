import type { BenchEnv } from "./env.ts";
import app from "../../../worker/index.ts";
import { plain } from "./plain.ts";
import { probe } from "./probe.ts";

export { PrizePool, RewardGate, WebhookEndpoint } from "../../../worker/index.ts";
export { CardIssuer } from "./card-issuer.ts";
export { Probe } from "./probe-object.ts";

/**
 * The app, and beside it routes that do ever more of what a draw costs, one RPC an HTTP request. What settles is left out: the ledger is another
 * machine's work.
 */
export default {
  fetch(request, env, ctx) {
    const { url } = request;
    return probe(url, env) ?? plain(url, request) ?? app.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<BenchEnv>;
