import { createRoute, z } from "@hono/zod-openapi";
import { and, eq, isNull } from "drizzle-orm";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { partnerKeys } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { Problem } from "../problem.ts";
import { writeAudited } from "./audit.ts";
import { keyRows } from "./partner-row.ts";
import { publishKeys } from "./publish-keys.ts";
import { withRole } from "./with-role.ts";

const route = createRoute({
  method: "delete",
  path: "/partners/{partner}/keys/{keyId}",
  tags: ["Admin"],
  summary: "Revoke a key; again, the same",
  security: ADMIN_SECURITY,
  middleware: withRole("operator"),
  request: { params: z.object({ partner: z.string(), keyId: z.string() }) },
  responses: {
    200: answers(
      z.object({ keyId: z.string(), revokedAt: instantSchema }),
      "Refused everywhere within about a minute and a half; where KV cannot be read, within an hour",
    ),
    ...refusals("access_token_invalid", "forbidden", "key_not_found"),
  },
});

export function deleteKey(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { partner, keyId } = c.req.valid("param");
    const nowMs = Date.now();
    const revokedAt = await writeAudited(c.env.LEDGER, async (db) => {
      const key = (await keyRows(db, partner)).find((row) => row.keyId === keyId);
      if (key === undefined) throw new Problem("key_not_found");
      const live = { keyId, algorithm: key.algorithm };
      return {
        act: {
          actor: c.var.operator.email,
          action: "partner.key.revoke",
          subject: partner,
          before: key.revokedAt === null ? live : null,
          after: null,
        },
        statements: [
          db
            .update(partnerKeys)
            .set({ revokedAt: nowMs })
            .where(and(eq(partnerKeys.keyId, keyId), isNull(partnerKeys.revokedAt))),
        ],
        result: key.revokedAt ?? nowMs,
      };
    });
    await publishKeys(c.env, partner);
    return c.json({ keyId, revokedAt: instant(revokedAt) }, 200);
  });
}
