import { createRoute, z } from "@hono/zod-openapi";
import { campaignIdSchema } from "../campaign/schema.ts";
import { instant } from "../cards/card.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { campaignCards } from "../ledger/export.ts";
import type { LedgerCard } from "../ledger/queries.ts";
import { ADMIN_SECURITY, refusals } from "../http/openapi.ts";
import { writeAudited } from "./audit.ts";
import { csvFile } from "./csv.ts";
import type { CsvCell } from "./csv.ts";
import { withRole } from "./with-role.ts";

const route = createRoute({
  method: "get",
  path: "/export/cards.csv",
  tags: ["Admin"],
  summary: "A campaign's cards as the ledger has them; taking it out is noted in the audit log",
  security: ADMIN_SECURITY,
  middleware: withRole("operator", "approver"),
  request: { query: z.strictObject({ campaign: campaignIdSchema }) },
  responses: {
    200: {
      description:
        "CSV with a header. Times are ISO 8601 in UTC; what there is not is empty; a cell that a spreadsheet would take for a formula begins with an apostrophe",
      content: { "text/csv": { schema: z.string() } },
    },
    ...refusals("invalid_request", "access_token_invalid", "forbidden"),
  },
});

/** A column and what a card has in it. */
const COLUMNS: readonly (readonly [name: string, cell: (card: LedgerCard) => CsvCell])[] = [
  ["card", ({ card }) => card],
  ["campaign", ({ campaign }) => campaign],
  ["state", ({ state }) => state],
  ["prize", ({ prize }) => prize],
  ["segment", ({ segment }) => segment],
  ["position", ({ position }) => position],
  ["returned", ({ returned }) => (returned === 1 ? "yes" : null)],
  ["request_id", ({ request }) => request],
  ["recipient", ({ recipient }) => recipient],
  ["line_user_id", ({ lineUser }) => lineUser],
  ["metadata", ({ metadata }) => metadata],
  ["code", ({ code }) => code],
  ["issued_at", ({ issuedAt }) => time(issuedAt)],
  ["expires_at", ({ expiresAt }) => time(expiresAt)],
  ["revealed_at", ({ revealedAt }) => time(revealedAt)],
  ["redeemed_at", ({ redeemedAt }) => time(redeemedAt)],
  ["used_at", ({ usedAt }) => time(usedAt)],
  ["store", ({ store }) => store],
  ["till", ({ till }) => till],
  ["ended_at", ({ endedAt }) => time(endedAt)],
  ["reason", ({ reason }) => reason],
];

export function getExportCards(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const { campaign } = c.req.valid("query");
    const act = { actor: c.var.operator.email, action: "cards.export", subject: campaign, before: null, after: null };
    await writeAudited(c.env.LEDGER, async () => ({ act, statements: [], result: undefined }));
    const header = COLUMNS.map(([name]) => name);
    const file = csvFile(header, campaignCards(c.env, campaign), (card) => COLUMNS.map(([, cell]) => cell(card)));
    return c.body(file, 200, {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${campaign}-cards.csv"`,
    });
  });
}

function time(ms: number | null): string | null {
  return ms === null ? null : instant(ms);
}
