import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { accessRoutes } from "./access.ts";
import { Faults, faultRoutes } from "./faults.ts";
import { openKeys } from "./keys.ts";
import { LinePlatform } from "./line.ts";
import { PartnerSystems } from "./partner.ts";
import { SandboxProblem, answerError, problemResponse } from "./problem.ts";
import { RewardSystem } from "./rewards.ts";

/** Loopback only: whoever reaches the sandbox may sign in as anybody. */
const HOST = "127.0.0.1";
/** LINE takes 2 MB; nothing that Kuji sends comes near this. */
const MAX_BODY_BYTES = 256 * 1024;
export const DEFAULT_ACCESS_AUDIENCE = "kuji-admin";

export interface SandboxOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Folder of the development keys; made on first use. */
  readonly keysDir: string;
  /** Standard Webhooks secret that rewards are signed with; from the keys folder's `dev.vars` when it is not given. */
  readonly webhookSecret?: string;
  /** What LINE's Messaging API takes as Bearer token; from `dev.vars` when it is not given. */
  readonly channelAccessToken?: string;
  /** `aud` of Access tokens. */
  readonly accessAudience?: string;
  /** `iss` of Access tokens; the sandbox's own origin when it is not given. */
  readonly accessIssuer?: string;
  /** File in which grants outlive the process; without it they do not. */
  readonly stateFile?: string;
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface Sandbox {
  readonly origin: string;
  /** Ends every connection, hanging ones too; again the same. */
  close(): Promise<void>;
}

/**
 * Starts the stand-ins for LINE, Cloudflare Access, a reward system and partners' own systems on one loopback port.
 * Rejects with the system's own error (`code: "EADDRINUSE"`) when the port is taken.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const keys = await openKeys(options.keysDir);
  const now = options.now ?? Date.now;
  const faults = new Faults(options.random ?? Math.random);
  const rewards = new RewardSystem({
    webhookSecret: options.webhookSecret ?? keys.secrets.WEBHOOK_SECRET,
    journalPath: options.stateFile ?? null,
    now,
  });
  const line = new LinePlatform({
    key: keys.line,
    channelAccessToken: options.channelAccessToken ?? keys.secrets.LINE_CHANNEL_ACCESS_TOKEN,
    now,
  });
  let origin = "";
  const access = accessRoutes(
    { key: keys.access, audience: options.accessAudience ?? DEFAULT_ACCESS_AUDIENCE, issuer: () => options.accessIssuer ?? origin, now },
    faults,
  );

  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError(answerError);
  app.notFound(() => problemResponse(new SandboxProblem("not_found", "GET / lists what the sandbox answers")));
  app.use("/sandbox/*", cors({ origin: "*" }));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => problemResponse(new SandboxProblem("body_too_large")) }));
  app.route("/", line.routes(faults));
  app.route("/", access);
  app.route("/", rewards.routes(faults));
  app.route("/", new PartnerSystems().routes(faults));
  app.route("/", faultRoutes(faults));
  app.get("/", (c) =>
    c.json({ sandbox: "a stand-in LINE platform, Cloudflare Access, reward system and partner", routes: routeList(app) }),
  );

  const server = createAdaptorServer({ fetch: app.fetch, hostname: HOST });
  server.listen(options.port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    rewards.close();
    throw error;
  }
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;

  const end = async (): Promise<void> => {
    faults.close();
    const closed = once(server, "close");
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
    rewards.close();
  };
  let ended: Promise<void> | null = null;
  return { origin, close: () => (ended ??= end()) };
}

function routeList(app: Hono<{ Bindings: HttpBindings }>): string[] {
  return [...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`))];
}
