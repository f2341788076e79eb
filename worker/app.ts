import { OpenAPIHono } from "@hono/zod-openapi";
import { Scalar } from "@scalar/hono-api-reference";
import { adminRoutes } from "./admin/routes.ts";
import type { App, Edge } from "./http/edge.ts";
import { refuseFaults } from "./http/faults.ts";
import { describe } from "./http/openapi.ts";
import { partnerRoutes } from "./partner/routes.ts";
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

  let document: string | null = null;
  app.get("/openapi.json", (c) => {
    document ??= describe(app, settings(c.env).PUBLIC_ORIGIN);
    return c.body(document, 200, { "content-type": "application/json" });
  });
  app.get("/docs", Scalar({ url: "/openapi.json", pageTitle: "Kuji" }));
  return app;
}

export const app = edge();
