import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { deadLetters } from "../ledger/schema.ts";
import { olderThan, rowLimit } from "./request.ts";
import { withAnyRole } from "./with-role.ts";

const MAX_QUEUE_NAME_LENGTH = 63;

const letterSchema = z.object({ letter: z.int(), queue: z.string(), at: instantSchema, body: z.unknown() }).openapi("DeadLetter");

const route = createRoute({
  method: "get",
  path: "/dead-letters",
  tags: ["Admin"],
  summary: "Messages that no consumer could handle, newest first; nothing is lost with one",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  request: {
    query: z.strictObject({ queue: z.string().min(1).max(MAX_QUEUE_NAME_LENGTH).optional(), before: olderThan, limit: rowLimit }),
  },
  responses: {
    200: answers(
      z.object({ letters: z.array(letterSchema), next: z.int().nullable() }),
      "`next`, given back as `before`, brings the next page; null: this was the last. Of a block, `body` is its header",
    ),
    ...refusals("invalid_request", "access_token_invalid", "forbidden"),
  },
});

export function getDeadLetters(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { queue, before, limit } = c.req.valid("query");
    const rows = await drizzle(c.env.LEDGER)
      .select()
      .from(deadLetters)
      .where(
        and(
          queue === undefined ? undefined : eq(deadLetters.queue, queue),
          before === undefined ? undefined : lt(deadLetters.letter, before),
        ),
      )
      .orderBy(desc(deadLetters.letter))
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.letter ?? null) : null;
    const letters = page.map(({ at, body, ...letter }) => ({ ...letter, at: instant(at), body: JSON.parse(body) as unknown }));
    return c.json({ letters, next }, 200);
  });
}
