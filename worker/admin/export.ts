import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AdminEdge } from "../http/edge.ts";
import { writeAudited } from "./audit.ts";
import { csvFile } from "./csv.ts";
import type { CsvColumn } from "./csv.ts";
import { withRole } from "./with-role.ts";

/** Who may take data out. */
export const withExportRole = withRole("operator", "approver");

/** The answer of an export, as its route declares it. */
export const CSV_ANSWER = {
  description:
    "CSV with a header. Times are ISO 8601 in UTC; what there is not is empty; a cell that a spreadsheet would take for a formula begins with an apostrophe",
  content: { "text/csv": { schema: z.string() } },
};

export interface Export<Row> {
  readonly action: `${string}.export`;
  readonly subject: string;
  /** By what the rows were chosen, for the audit log; null: all of the subject's. */
  readonly filter: object | null;
  /** Without its ending. */
  readonly name: string;
  readonly columns: readonly CsvColumn<Row>[];
  readonly pages: () => AsyncGenerator<readonly Row[]>;
}

/** Notes in the audit log that rows are taken out, then answers with them. */
export async function answerExport<Row>(c: Context<AdminEdge>, { action, subject, filter, name, columns, pages }: Export<Row>) {
  const act = { actor: c.var.operator.email, action, subject, before: null, after: filter };
  await writeAudited(c.env.LEDGER, async () => ({ act, statements: [], result: undefined }));
  return c.body(csvFile(columns, pages()), 200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": `attachment; filename="${name}.csv"`,
  });
}
