import { Buffer } from "node:buffer";
import { createRoute, z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { jsonBody } from "../http/body.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { partnerKeys } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals, takes } from "../http/openapi.ts";
import { keyIdSchema, SIGNATURE_ALGORITHMS } from "../partner/keys.ts";
import { sealSecret } from "../../durable-objects/seal.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";
import { writeAudited } from "./audit.ts";
import { keyRows, partnerRow } from "./partner-row.ts";
import { readPublicKey } from "./public-key.ts";
import { publishKeys } from "./publish-keys.ts";
import { ADMIN_BODY_BYTES, partnerParams } from "./request.ts";
import { withRole } from "./with-role.ts";

/** Two of each algorithm: the one in use and the one that follows it. */
const MAX_LIVE_KEYS = 4;
const SECRET_BYTES = 32;

const publicKeySchema = z
  .string()
  .max(2_000)
  .transform((text, ctx) => {
    const key = readPublicKey(text);
    if (key !== null) return key;
    ctx.addIssue({ code: "custom", message: "an Ed25519 public key: SPKI in PEM, or 32 raw bytes in base64" });
    return z.NEVER;
  })
  .openapi({ type: "string", description: "SPKI in PEM, or 32 raw bytes in base64" });

const newKeySchema = z.discriminatedUnion("algorithm", [
  z.strictObject({ algorithm: z.literal("ed25519"), keyId: keyIdSchema.optional(), publicKey: publicKeySchema }),
  z.strictObject({ algorithm: z.literal("hmac-sha256"), keyId: keyIdSchema.optional() }),
]);
type NewKey = z.output<typeof newKeySchema>;

const route = createRoute({
  method: "post",
  path: "/partners/{partner}/keys",
  tags: ["Admin"],
  summary: "Give a partner a key; the secret of an HMAC key is made here and shown this once",
  security: ADMIN_SECURITY,
  middleware: [withRole("operator"), jsonBody(ADMIN_BODY_BYTES)] as const,
  request: { params: partnerParams, body: takes(newKeySchema) },
  responses: {
    201: answers(
      z.object({
        keyId: z.string(),
        algorithm: z.enum(SIGNATURE_ALGORITHMS),
        createdAt: instantSchema,
        secret: z.string().optional().openapi({ description: "base64; of an HMAC key" }),
      }),
      "The key, live within a minute",
    ),
    ...refusals(
      "invalid_request",
      "access_token_invalid",
      "forbidden",
      "partner_not_found",
      "key_exists",
      "too_many_keys",
      "body_too_large",
    ),
  },
});

export function postKey(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { partner } = c.req.valid("param");
    const key = c.req.valid("json");
    const { algorithm, keyId = `${algorithm}-${crypto.randomUUID()}` } = key;
    const { material, secret } = await materialOf(key, keyId, settings(c.env).PARTNER_KEY);
    const createdAt = Date.now();
    await writeAudited(c.env.LEDGER, async (db) => {
      await partnerRow(db, partner);
      const [taken] = await db.select({ keyId: partnerKeys.keyId }).from(partnerKeys).where(eq(partnerKeys.keyId, keyId));
      if (taken !== undefined) throw new Problem("key_exists");
      const live = (await keyRows(db, partner)).filter(({ revokedAt }) => revokedAt === null);
      if (live.length >= MAX_LIVE_KEYS)
        throw new Problem("too_many_keys", `a partner has at most ${MAX_LIVE_KEYS} live keys: revoke one first`);
      return {
        act: { actor: c.var.operator.email, action: "partner.key.add", subject: partner, before: null, after: { keyId, algorithm } },
        statements: [db.insert(partnerKeys).values({ keyId, partner, algorithm, material, createdAt, revokedAt: null })],
        result: undefined,
      };
    });
    await publishKeys(c.env, partner);
    return c.json({ keyId, algorithm, createdAt: instant(createdAt), ...(secret === null ? {} : { secret }) }, 201);
  });
}

/** What D1 and KV keep of a key, and the secret that is shown once. */
async function materialOf(key: NewKey, keyId: string, master: string): Promise<{ material: string; secret: string | null }> {
  switch (key.algorithm) {
    case "ed25519":
      return { material: Buffer.from(key.publicKey).toString("base64"), secret: null };
    case "hmac-sha256": {
      const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
      return { material: await sealSecret(master, keyId, secret), secret: Buffer.from(secret).toString("base64") };
    }
  }
}
