import { createRoute, z } from "@hono/zod-openapi";
import { desc, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { audit } from "../ledger/schema.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { firstBreak } from "./audit.ts";
import type { AuditEntry } from "./audit.ts";
import { olderThan, rowLimit } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const auditEntrySchema = z
  .object({
    entry: z.int(),
    at: instantSchema,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    before: z.unknown(),
    after: z.unknown(),
    prev: z.string(),
    hash: z.string(),
  })
  .openapi("AuditEntry");

const route = createRoute({
  method: "get",
  path: "/audit",
  tags: ["Admin"],
  summary: "What operators did, newest first; each entry carries the hash of the one before it",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: { query: z.strictObject({ before: olderThan, limit: rowLimit }) },
  responses: {
    200: answers(
      z.object({ entries: z.array(auditEntrySchema), brokenAt: z.int().nullable() }),
      "`brokenAt` is the first of these entries that was changed or follows a missing one; null when the chain holds",
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden"),
  },
});

export function getAudit(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { before, limit } = c.req.valid("query");
    const rows = await drizzle(c.env.LEDGER)
      .select()
      .from(audit)
      .where(before === undefined ? undefined : lt(audit.entry, before))
      .orderBy(desc(audit.entry))
      .limit(limit);
    return c.json({ entries: rows.map(shown), brokenAt: firstBreak(rows.toReversed()) }, 200);
  });
}

function shown({ entry, at, actor, action, subject, before, after, prev, hash }: AuditEntry): z.output<typeof auditEntrySchema> {
  const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
  return { entry, at: instant(at), actor, action, subject, before: parsed(before), after: parsed(after), prev, hash };
}
