import { z } from "@hono/zod-openapi";
import type { App, Edge } from "./edge.ts";
import { PROBLEMS } from "../problem.ts";
import type { ProblemCode } from "../problem.ts";

/** Where something is at fault; a fault of an uploaded file has its own code and its line. */
export const faultSchema = z
  .object({ at: z.string(), message: z.string(), line: z.int().optional(), code: z.string().optional() })
  .openapi("Fault");

/** RFC 9457, with our `code` and, for a request that fails its schema, where. */
const problemSchema = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    errors: z.array(faultSchema).optional(),
  })
  .openapi("Problem");

export const instantSchema = z.iso.datetime();

/** An answer in JSON, as a route declares it. */
export function answers<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A JSON body, as a route declares it. */
export function takes<T extends z.ZodType>(schema: T, { required = true }: { required?: boolean } = {}) {
  return { required, content: { "application/json": { schema } } };
}

/** The refusals a route documents. Its handler throws them, so they are no part of its type. */
export function refusals(...codes: readonly ProblemCode[]): object {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) byStatus.set(PROBLEMS[code][0], [...(byStatus.get(PROBLEMS[code][0]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      status,
      {
        description: named.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join("\n\n"),
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
}

export const PARTNER_SECURITY = [{ partnerSignature: [] }];
export const PLAYER_SECURITY = [{ playerSession: [] }];
export const ADMIN_SECURITY = [{ cloudflareAccess: [] }];

/** The OpenAPI 3.1 document of all routes of `app`, as JSON text. */
export function describe(app: App<Edge>, origin: string): string {
  app.openAPIRegistry.registerComponent("securitySchemes", "partnerSignature", {
    type: "apiKey",
    in: "header",
    name: "Signature",
    description:
      "RFC 9421 over `@method`, `@authority`, `@path`, `@query` where there is one and, with a body, `content-digest` (RFC 9530, sha-256); parameters `created` (±300 s) and `keyid`; `ed25519` or `hmac-sha256`.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "playerSession", {
    type: "http",
    scheme: "bearer",
    description: "The session of `POST /player/v1/session`.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "cloudflareAccess", {
    type: "apiKey",
    in: "header",
    name: "Cf-Access-Jwt-Assertion",
    description: "Set by Cloudflare Access.",
  });
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Kuji", version: "1", description: "Instant-win campaigns at the edge." },
    servers: [{ url: origin }],
  });
  return JSON.stringify(document);
}
