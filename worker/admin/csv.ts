import { stringify } from "csv-stringify/sync";
import { instant } from "../cards/card.ts";

export type CsvCell = string | number | null;

/** A column and what a row has in it. */
export type CsvColumn<Row> = readonly [name: string, cell: (row: Row) => CsvCell];

/**
 * Pages of rows as a CSV file (RFC 4180, UTF-8), made as fast as it is read. A cell that a spreadsheet would take for a formula gets an apostrophe
 * before it. Breaking off errors the stream, so that nobody takes a part for the whole.
 */
export function csvFile<Row>(columns: readonly CsvColumn<Row>[], pages: AsyncGenerator<readonly Row[]>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const write = (rows: readonly (readonly CsvCell[])[]) =>
    encoder.encode(stringify(rows as (readonly CsvCell[])[], { record_delimiter: "windows", escape_formulas: true }));
  return new ReadableStream({
    start: (controller) => controller.enqueue(write([columns.map(([name]) => name)])),
    async pull(controller) {
      const page = await pages.next();
      if (page.done === true) controller.close();
      else controller.enqueue(write(page.value.map((row) => columns.map(([, cell]) => cell(row)))));
    },
    cancel: async () => void (await pages.return(undefined)),
  });
}

export function csvTime(ms: number | null): CsvCell {
  return ms === null ? null : instant(ms);
}
