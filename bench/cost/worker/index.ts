import app, { CardIssuer as Issuer, PrizePool as Pool, RewardGate as Gate, WebhookEndpoint as Endpoint } from "../../../worker/index.ts";
import { count, countRequests, countRows, readCounts } from "./count.ts";
import { watchEnv } from "./env.ts";
import { liveCards } from "./lives.ts";
import { settleNaive } from "./naive/ledger.ts";
import type { NaiveEvent } from "./naive/ledger.ts";
import { liveNaively } from "./naive/lives.ts";
import type { NaiveLifeEnv } from "./naive/pool.ts";

export { NaivePool } from "./naive/pool.ts";

export class CardIssuer extends Issuer {
  constructor(ctx: DurableObjectState, env: Env) {
    countRows("issuer", ctx);
    super(ctx, watchEnv(env));
  }
}
countRequests("issuer", CardIssuer.prototype, Issuer.prototype);

export class PrizePool extends Pool {
  constructor(ctx: DurableObjectState, env: Env) {
    countRows("pool", ctx);
    super(ctx, watchEnv(env));
  }
}
countRequests("pool", PrizePool.prototype, Pool.prototype);

export class RewardGate extends Gate {
  constructor(ctx: DurableObjectState, env: Env) {
    countRows("gate", ctx);
    super(ctx, watchEnv(env));
  }
}
countRequests("gate", RewardGate.prototype, Gate.prototype);

export class WebhookEndpoint extends Endpoint {
  constructor(ctx: DurableObjectState, env: Env) {
    countRows("endpoint", ctx);
    super(ctx, watchEnv(env));
  }
}
countRequests("endpoint", WebhookEndpoint.prototype, Endpoint.prototype);

const NAIVE_LIVES = "/cost/naive-lives";
const NAIVE_EVENTS = "naive-events";
const LIVES = /^\/cost\/lives\/([^/]+)\/(\d+)$/;

/** The app as it is, counting; `/cost` tells the counts. */
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/cost") return Response.json(readCounts());
    const lives = LIVES.exec(pathname);
    if (pathname === NAIVE_LIVES) return liveNaively(env, await request.json<string[]>());
    if (lives !== null) return liveCards(env, lives[1] ?? "", Number(lives[2]));
    return app.fetch(request, watchEnv(env), ctx);
  },
  queue(batch, env) {
    if (batch.queue === NAIVE_EVENTS) {
      const events = batch.messages.map(({ body }) => body as NaiveEvent);
      return settleNaive(env.NAIVE_LEDGER, events);
    }
    count(`${batch.queue}: batches`);
    return app.queue(batch, watchEnv(env));
  },
  scheduled(controller, env) {
    return app.scheduled(controller, watchEnv(env));
  },
} satisfies ExportedHandler<NaiveLifeEnv>;
