import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { SignJWT } from "jose";
import { z } from "zod";
import type { Faults } from "./faults.ts";
import type { TokenKey } from "./keys.ts";
import { SandboxProblem, parseJson, problemResponse } from "./problem.ts";

/** Cloudflare's default session. */
const DEFAULT_EXPIRES_IN_SECONDS = 86_400;
/** A week either way; a negative one makes an expired token, for a test that wants it refused. */
const MAX_EXPIRES_IN_SECONDS = 7 * 86_400;

const accessTokenSchema = z.strictObject({
  email: z.email(),
  groups: z.array(z.string().min(1).max(100)).max(100),
  expiresIn: z.int().min(-MAX_EXPIRES_IN_SECONDS).max(MAX_EXPIRES_IN_SECONDS).default(DEFAULT_EXPIRES_IN_SECONDS),
});

export interface AccessOptions {
  readonly key: TokenKey;
  readonly audience: string;
  readonly issuer: () => string;
  readonly now: () => number;
}

/** Cloudflare Access: its keys, and the application token that it puts into `Cf-Access-Jwt-Assertion` of a request that it lets through. */
export function accessRoutes({ key, audience, issuer, now }: AccessOptions, faults: Faults): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.get(
    "/cdn-cgi/access/certs",
    faults.around("access", () => problemResponse(new SandboxProblem("fault_injected"))),
    (c) => c.json({ keys: [key.publicJwk] }),
  );

  routes.post("/sandbox/access-token", async (c) => {
    const { email, groups, expiresIn } = parseJson(await c.req.text(), accessTokenSchema);
    const nowSeconds = Math.floor(now() / 1000);
    const expiresAt = nowSeconds + expiresIn;
    // An expired token was issued before it expired.
    const issuedAt = Math.min(nowSeconds, expiresAt - 1);
    const token = await new SignJWT({ email, groups, type: "app", identity_nonce: randomUUID().slice(0, 16) })
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: "JWT" })
      .setIssuer(issuer())
      .setAudience([audience])
      .setSubject(randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(key.privateKey);
    return c.json({ token });
  });

  return routes;
}
