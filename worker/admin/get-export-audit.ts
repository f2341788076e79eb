import { createRoute, z } from "@hono/zod-openapi";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, instantSchema, refusals } from "../http/openapi.ts";
import { auditEntries } from "../ledger/export.ts";
import type { AuditEntry } from "./audit.ts";
import { csvTime } from "./csv.ts";
import type { CsvColumn } from "./csv.ts";
import { answerExport, CSV_ANSWER, withExportRole } from "./export.ts";

const route = createRoute({
  method: "get",
  path: "/export/audit.csv",
  tags: ["Admin"],
  summary: "What operators did from a time on and before another, oldest first; taking it out is noted in it",
  security: ADMIN_SECURITY,
  middleware: withExportRole,
  request: { query: z.strictObject({ from: instantSchema.optional(), to: instantSchema.optional() }) },
  responses: { 200: CSV_ANSWER, ...refusals("invalid_request", "access_token_invalid", "forbidden") },
});

const COLUMNS: readonly CsvColumn<AuditEntry>[] = [
  ["entry", ({ entry }) => entry],
  ["at", ({ at }) => csvTime(at)],
  ["actor", ({ actor }) => actor],
  ["action", ({ action }) => action],
  ["subject", ({ subject }) => subject],
  ["before", ({ before }) => before],
  ["after", ({ after }) => after],
  ["prev", ({ prev }) => prev],
  ["hash", ({ hash }) => hash],
];

export function getExportAudit(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { from, to } = c.req.valid("query");
    const filter = from === undefined && to === undefined ? null : { from, to };
    const range = { fromMs: from === undefined ? 0 : Date.parse(from), toMs: to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(to) };
    const pages = () => auditEntries(c.env, range);
    return answerExport(c, { action: "audit.export", subject: "audit", filter, name: "audit", columns: COLUMNS, pages });
  });
}
