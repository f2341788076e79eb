import { OpenAPIHono } from "@hono/zod-openapi";
import { adminRoutes } from "./admin/routes.ts";
import { docsOf } from "./http/docs.ts";
import type { ApiDocument, Docs } from "./http/docs.ts";
import type { App, Edge } from "./http/edge.ts";
import { refuseFaults } from "./http/faults.ts";
import { describe } from "./http/openapi.ts";
import { getImage } from "./images/get-image.ts";
import { partnerRoutes } from "./partner/routes.ts";
import { answerFace } from "./player/get-card.ts";
import { page } from "./player/page.ts";
import { playerRoutes } from "./player/routes.ts";
import { answerError } from "./problem.ts";
import { checkReadiness, checksOf } from "./http/readiness.ts";
import { settings } from "./settings.ts";
import { answerUnmatched } from "./http/unmatched.ts";

/** Everything that is answered over HTTP. */
function edge(): App<Edge> {
  const app = new OpenAPIHono<Edge>({ defaultHook: refuseFaults });
  app.onError(answerError);
  app.notFound(answerUnmatched(app));

  app.get("/healthz", (c) => c.json({ alive: true }));
  app.use(function requireSettings(c, next) {
    settings(c.env);
    return next();
  });
  app.get("/readyz", async (c) => c.json(await checkReadiness(checksOf(c.env))));

  app.route("/partner/v1", partnerRoutes());
  app.route("/player/v1", playerRoutes());
  app.route("/admin/v1", adminRoutes());
  app.get("/", page);
  app.get("/c/*", page);
  app.get("/images/:campaign/:name", getImage);

  let document: string | null = null;
  const described = (env: Env): string => (document ??= describe(app, settings(env).PUBLIC_ORIGIN));
  app.get("/openapi.json", (c) => c.body(described(c.env), 200, { "content-type": "application/json" }));
  let docs: Docs | null = null;
  app.get("/docs", async (c) => {
    docs ??= await docsOf(JSON.parse(described(c.env)) as ApiDocument);
    return c.html(docs.html, 200, docs.headers);
  });
  return app;
}

/** The routes. */
export const app = edge();

/** Answers a request: a card's face past the router. */
export const answer = ((request, env, ctx) => {
  const face = answerFace(request, env);
  if (face === null) return app.fetch(request, env, ctx);
  return face instanceof Response ? face : face.then((answered) => answered ?? app.fetch(request, env, ctx));
}) satisfies ExportedHandlerFetchHandler<Env>;
