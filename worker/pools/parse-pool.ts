import { CsvError, parse } from "csv-parse";
import type { InfoRecord, Parser } from "csv-parse";
import type { CodeRow } from "../../durable-objects/code-digests.ts";
import type { PrizeKind } from "../../durable-objects/protocol.ts";
import { isUtf16 } from "../campaign/encoding.ts";
import { NO_ROWS, PoolRows } from "./pool-rows.ts";
import type { RowsState } from "./pool-rows.ts";

/** A row longer than this is no row: a quote was opened and not closed. It bounds what the parser holds. */
const MAX_ROW_CHARACTERS = 8_192;
/** Parsed before others in the isolate have their turn: some thousand rows, some milliseconds. */
const BYTES_PER_PAUSE = 32_768;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** How far a prize-pool file has been read, and what is known of it: plain data, with which anybody can read on. */
export interface PoolCursor {
  /** Where the next row begins. */
  readonly offset: number;
  /** The line before it. */
  readonly line: number;
  readonly rows: RowsState;
  /** Nothing is to be read any more. */
  readonly end: boolean;
}

export const POOL_START: PoolCursor = { offset: 0, line: 0, rows: NO_ROWS, end: false };

export interface PoolStretch {
  /** Of the file, from the cursor's offset on; far more than the longest row. */
  readonly bytes: Uint8Array;
  /** The file ends with them. */
  readonly last: boolean;
  /** The campaign's, with their kinds. */
  readonly prizes: Readonly<Record<string, PrizeKind>>;
  /** Takes each code, in their order. */
  readonly take: (code: CodeRow) => void;
}

/**
 * Reads the rows that end within a stretch of a prize-pool file, and gives from where on to read next. What has been read is in the cursor, faults and
 * all; the division of a file into stretches makes no difference.
 *
 * Rows are taken in csv-parse's `on_record`, while it parses, and not from its readable side: in workerd a row a read costs six times as much.
 * It is the Node stream that is written to, for it tells each write of its error, in every runtime; the Web stream loses the one of the last row.
 */
export async function parsePool(cursor: PoolCursor, { bytes, last, prizes, take }: PoolStretch): Promise<PoolCursor> {
  const rows = new PoolRows(prizes, cursor.rows);
  const lines = new RowLines(cursor.line);
  let read = 0;
  const upTo = (isEnd: boolean): PoolCursor => ({
    offset: cursor.offset + (isEnd ? bytes.length : read),
    line: lines.last,
    rows: rows.state(),
    end: isEnd,
  });
  if (cursor.offset === 0 && isUtf16(bytes)) {
    rows.broken("not_utf8", 1, "the file is UTF-16, and must be UTF-8: save it as UTF-8");
    return upTo(true);
  }
  const csv = parse({
    bom: cursor.offset === 0,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    max_record_size: MAX_ROW_CHARACTERS,
    on_record: (fields: string[], info: InfoRecord) => {
      const code = rows.row(fields, lines.take(info, fields));
      if (code !== null) take(code);
      read = info.bytes;
      return null;
    },
  });
  // Every error comes to the write that it belongs to; without a listener it would be thrown at nobody as well.
  csv.on("error", () => {});
  try {
    for (let at = 0; at < bytes.length; at += BYTES_PER_PAUSE) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve));
      await write(csv, bytes.subarray(at, at + BYTES_PER_PAUSE));
    }
    if (!last) return upTo(false);
    await end(csv);
    const lastByte = bytes.at(-1);
    if (lastByte !== LINE_FEED && lastByte !== CARRIAGE_RETURN) rows.unterminated();
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    tellCsvError(rows, error, lines.last + 1);
  }
  rows.end();
  return upTo(true);
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

/** The line that each row begins in; csv-parse tells the one it ends in. */
class RowLines {
  /** The line that the last row ended in. */
  last: number;
  readonly #before: number;
  /** csv-parse counts a CRLF within quotes as two lines. */
  #overcount = 0;

  constructor(before: number) {
    this.last = before;
    this.#before = before;
  }

  take({ lines }: Pick<InfoRecord, "lines">, fields: readonly string[]): number {
    const line = this.last + 1;
    const counted = this.#before + lines;
    if (counted - this.#overcount > line) {
      for (const field of fields) this.#overcount += field.split("\r\n").length - 1;
    }
    this.last = counted - this.#overcount;
    return line;
  }
}

function tellCsvError(rows: PoolRows, error: CsvError, line: number): void {
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
