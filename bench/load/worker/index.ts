import app from "../../../worker/index.ts";

export { CardIssuer, PrizePool, RewardGate, WebhookEndpoint } from "../../../worker/index.ts";

/** The app as it is, and beside it `…/hello`: what the runtime does for nothing. */
export default {
  ...app,
  fetch(request, env, ctx) {
    return request.url.endsWith("/hello") ? new Response("hello") : app.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;
