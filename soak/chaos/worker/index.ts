import app, { CardIssuer as Issuer, PrizePool as Pool, RewardGate as Gate } from "../../../worker/index.ts";
import type { InnerCommand, ResetTarget } from "../faults.ts";
import { deliver, meddledEnv, setFault } from "./meddle.ts";

export { WebhookEndpoint } from "../../../worker/index.ts";

/** Names of the objects that have been made, by kind. */
const made: Record<ResetTarget, Set<string>> = { pool: new Set(), issuer: new Set(), gate: new Set() };

export class CardIssuer extends Issuer {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, meddledEnv(env));
    made.issuer.add(ctx.id.name ?? "");
  }
  async resetNow(): Promise<void> {
    this.ctx.abort("reset by the soak");
  }
}

export class PrizePool extends Pool {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, meddledEnv(env));
    made.pool.add(ctx.id.name ?? "");
  }
  async resetNow(): Promise<void> {
    this.ctx.abort("reset by the soak");
  }
}

export class RewardGate extends Gate {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, meddledEnv(env));
    made.gate.add(ctx.id.name ?? "");
  }
  async resetNow(): Promise<void> {
    this.ctx.abort("reset by the soak");
  }
}

type Resettable = { readonly resetNow: () => Promise<void> };

/** Resets one object of a kind in the middle of whatever it does. */
async function reset(env: Env, target: ResetTarget): Promise<void> {
  const names = [...made[target]];
  const name = names[Math.floor(Math.random() * names.length)];
  if (name === undefined) return;
  const namespaces = { pool: env.PRIZE_POOL, issuer: env.CARD_ISSUER, gate: env.REWARD_GATE };
  const stub = namespaces[target].getByName(name) as unknown as Resettable;
  await stub.resetNow().catch(() => {});
}

/** The app as it is, with faults: `POST /chaos` sets one, `POST /chaos/reset/{kind}` resets an object. */
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/chaos") {
      const { target, fault } = await request.json<InnerCommand>();
      setFault(target, fault);
      return Response.json({ target, fault });
    }
    if (pathname.startsWith("/chaos/reset/")) {
      const target = pathname.slice("/chaos/reset/".length) as ResetTarget;
      await reset(env, target);
      return Response.json({ reset: target });
    }
    return app.fetch(request, meddledEnv(env), ctx);
  },
  async queue(batch, env) {
    await deliver(batch, (delivered) => app.queue(delivered, meddledEnv(env)));
  },
  scheduled: (controller, env) => app.scheduled(controller, meddledEnv(env)),
} satisfies ExportedHandler<Env>;
