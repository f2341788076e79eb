import { CsvError, parse } from "csv-parse";
import type { InfoRecord, Parser } from "csv-parse";
import type { PrizeKind } from "../../durable-objects/protocol.ts";
import { PoolRows } from "./pool-rows.ts";
import type { CodeRow, PoolFile } from "./pool-rows.ts";

/** A row longer than this is no row: a quote was opened and not closed. It bounds what the parser holds. */
const MAX_ROW_CHARACTERS = 8_192;
/** What UTF-16 files begin with; no UTF-8 file has these bytes anywhere. */
const UTF16_FIRST_BYTES: readonly (number | undefined)[] = [0xfe, 0xff];

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Takes the codes of the rows read so far, in order; the next bytes are read when it is done. */
export type CodeSink = (codes: readonly CodeRow[]) => Promise<void>;

/**
 * Reads a prize-pool file as it streams by: what it puts into the pool, or its faults by line. Memory is bounded whatever the size of the file,
 * and its division into chunks makes no difference. The body's own errors reject.
 *
 * Rows are taken in csv-parse's `on_record`, while it parses, and not from its readable side: in workerd a row a read costs six times as much.
 * It is the Node stream that is written to, for it tells each write of its error, in every runtime; the Web stream loses the one of the last row.
 */
export async function parsePool(
  body: AsyncIterable<Uint8Array>,
  prizes: Readonly<Record<string, PrizeKind>>,
  sink?: CodeSink,
): Promise<PoolFile> {
  const rows = new PoolRows(prizes);
  const lines = new RowLines();
  let codes: CodeRow[] = [];
  const csv = parse({
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARACTERS,
    on_record: (fields: string[], info: InfoRecord) => {
      const code = rows.row(fields, lines.take(info, fields));
      if (code !== null && sink !== undefined) codes.push(code);
      return null;
    },
  });
  // Every error comes to the write that it belongs to; without a listener it would be thrown at nobody as well.
  csv.on("error", () => {});
  let first = true;
  let last: number | undefined;
  try {
    for await (const chunk of body) {
      if (first && UTF16_FIRST_BYTES.includes(chunk[0])) {
        rows.broken("not_utf8", 1, "the file is UTF-16: save it as UTF-8");
        return rows.end();
      }
      first &&= chunk.length === 0;
      last = chunk.at(-1) ?? last;
      await write(csv, chunk);
      if (codes.length > 0) await sink?.(codes);
      codes = [];
    }
    await end(csv);
    if (last !== LINE_FEED && last !== CARRIAGE_RETURN) rows.unterminated();
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    tellCsvError(rows, error, lines);
  }
  if (codes.length > 0) await sink?.(codes);
  return rows.end();
}

function write(csv: Parser, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    csv.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

function end(csv: Parser): Promise<void> {
  return new Promise((resolve, reject) => {
    csv.end((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}

/** What csv-parse counts of lines. */
interface LineCount {
  readonly lines: number;
  readonly empty_lines: number;
}

/** The line that each row begins in; csv-parse tells the one it ends in. */
class RowLines {
  #end = 0;
  #empty = 0;
  /** csv-parse counts a CRLF within quotes as two lines. */
  #overcount = 0;

  /** Where the row that ends at `count` began, or, if it did not end, would have begun. */
  begin({ empty_lines }: Pick<LineCount, "empty_lines">): number {
    return this.#end + (empty_lines - this.#empty) + 1;
  }

  take(count: LineCount, fields: readonly string[]): number {
    const line = this.begin(count);
    if (count.lines - this.#overcount > line) {
      for (const field of fields) this.#overcount += field.split("\r\n").length - 1;
    }
    this.#end = count.lines - this.#overcount;
    this.#empty = count.empty_lines;
    return line;
  }
}

function tellCsvError(rows: PoolRows, error: CsvError, lines: RowLines): void {
  const line = lines.begin({ empty_lines: Number(error["empty_lines"]) });
  const unread = "; what follows was not read";
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return rows.broken("truncated_row", line, "a quote opened in this row is never closed");
    case "CSV_MAX_RECORD_SIZE":
      return rows.broken("row_too_long", line, `the row has more than ${MAX_ROW_CHARACTERS} characters${unread}`);
    case "CSV_INVALID_CLOSING_QUOTE":
    case "CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE":
    case "INVALID_OPENING_QUOTE":
      return rows.broken("invalid_quote", line, `a quote stands in the middle of a field${unread}`);
    default:
      throw error;
  }
}
