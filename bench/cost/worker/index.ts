import app, { CardIssuer as Issuer, PrizePool as Pool, RewardGate as Gate } from "../../../worker/index.ts";
import { count, countRequests, countRows, readCounts } from "./count.ts";
import { watchEnv } from "./env.ts";

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

/** The app as it is, counting; `/cost` tells the counts. */
export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/cost") return Response.json(readCounts());
    return app.fetch(request, watchEnv(env), ctx);
  },
  queue(batch, env) {
    count(`${batch.queue}: batches`);
    return app.queue(batch, watchEnv(env));
  },
  scheduled(controller, env) {
    return app.scheduled(controller, watchEnv(env));
  },
} satisfies ExportedHandler<Env>;
