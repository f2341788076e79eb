import app from "../../../worker/index.ts";

/** Counts nobody and lets everybody through: Miniflare's own limiter is a Durable Object that writes a row a call, the platform's is local. */
const unlimited: RateLimit = { limit: async () => ({ success: true }) };

const free = new WeakMap<Env, Env>();

/** The app as it is, without the simulator's rate limiter; `/limited/…` is the app with it. */
export function face(
  request: Request<unknown, IncomingRequestCfProperties>,
  env: Env,
  ctx: ExecutionContext,
): Response | Promise<Response> {
  if (request.url.includes("/limited/")) {
    const url = new URL(request.url);
    url.pathname = url.pathname.slice("/limited".length);
    return app.fetch(new Request(url, request), env, ctx);
  }
  const known = free.get(env) ?? { ...env, PLAYER_LIMIT: unlimited, SESSION_LIMIT: unlimited };
  free.set(env, known);
  return app.fetch(request, known, ctx);
}
