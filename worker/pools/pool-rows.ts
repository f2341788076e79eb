import { z } from "zod";
import { MAX_SEGMENT_CARDS } from "../../durable-objects/protocol.ts";
import type { CodeRow } from "../../durable-objects/code-digests.ts";
import type { ManifestEntry, PrizeKind } from "../../durable-objects/protocol.ts";
import { FaultList } from "./faults.ts";
import type { Faults, PoolFaultCode } from "./faults.ts";

/** A code is shown on a telephone and typed at a till. */
const MAX_CODE_LENGTH = 200;
/** Of a value shown in a message. */
const MAX_SHOWN_CHARACTERS = 40;

/** Faults of one header that are named: a file of another kind may have thousands of columns. */
const MAX_HEADER_FAULTS = 20;

/** The columns of a prize-pool file. */
export const COLUMNS = ["prize", "quantity", "code", "opens_at", "closes_at"] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED_COLUMNS: readonly Column[] = ["prize", "quantity"];

const instant = z.iso.datetime({ offset: true });
const CONTROL = /\p{Cc}/u;
const REPLACEMENT_CHARACTER = "\uFFFD";

/** A prize-pool file, read: what it puts into the pool if it has no faults. */
export interface PoolFile extends Faults {
  /** Cards without codes: a prize an entry, in the order of first appearance. */
  readonly entries: readonly ManifestEntry[];
  readonly codes: number;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

interface Window {
  readonly opens: string;
  readonly closes: string;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
  readonly line: number;
}

/** What is known of a file after some of its rows, as JSON can hold it: the rest may be read by somebody else. */
export interface RowsState extends Faults {
  readonly quantities: readonly (readonly [prize: string, quantity: number])[];
  /** The columns' places in a row; null before the header. */
  readonly header: Readonly<Partial<Record<Column, number>>> | null;
  readonly columns: number;
  readonly rows: number;
  readonly last: { readonly line: number; readonly code: boolean };
  readonly cards: number;
  readonly codes: number;
  readonly window: Window | null;
  /** The last row, if it had too few fields: at the end of the file it was cut off. */
  readonly short: { readonly line: number; readonly fields: number } | null;
}

export const NO_ROWS: RowsState = {
  faults: [],
  more: 0,
  quantities: [],
  header: null,
  columns: 0,
  rows: 0,
  last: { line: 0, code: false },
  cards: 0,
  codes: 0,
  window: null,
  short: null,
};

/**
 * Decides on a prize-pool file row by row: `row` takes the fields and the line of each (the first is the header) and returns its code, if it brings
 * one; `end` ends the file. Blank rows count for nothing. `prizes` are the campaign's, with their kinds; `before` is the `state` of who has read the rows
 * before. That a code stands there twice is not seen here: the pool finds it.
 */
export class PoolRows {
  readonly #prizes: Readonly<Record<string, PrizeKind>>;
  readonly #faults: FaultList;
  readonly #quantities: Map<string, number>;
  #header: RowsState["header"];
  #columns: number;
  #rows: number;
  #last: RowsState["last"];
  #cards: number;
  #codes: number;
  #window: Window | null;
  #short: RowsState["short"];

  constructor(prizes: Readonly<Record<string, PrizeKind>>, before: RowsState = NO_ROWS) {
    this.#prizes = prizes;
    this.#faults = new FaultList(before);
    this.#quantities = new Map(before.quantities);
    this.#header = before.header;
    this.#columns = before.columns;
    this.#rows = before.rows;
    this.#last = before.last;
    this.#cards = before.cards;
    this.#codes = before.codes;
    this.#window = before.window;
    this.#short = before.short;
  }

  state(): RowsState {
    return {
      faults: this.#faults.faults,
      more: this.#faults.more,
      quantities: [...this.#quantities],
      header: this.#header,
      columns: this.#columns,
      rows: this.#rows,
      last: this.#last,
      cards: this.#cards,
      codes: this.#codes,
      window: this.#window,
      short: this.#short,
    };
  }

  row(raw: readonly string[], line: number): CodeRow | null {
    const fields = raw.map((field) => field.trim());
    if (fields.every((field) => field === "")) return null;
    this.#tellShort("column_count");
    if (fields.some((field) => field.includes(REPLACEMENT_CHARACTER)))
      return this.#fault("not_utf8", "row", line, "the row is not UTF-8, and the file must be");
    if (this.#header === null) {
      this.#header = this.#readHeader(fields, line);
      this.#columns = fields.length;
      return null;
    }
    this.#rows++;
    if (!REQUIRED_COLUMNS.every((column) => this.#header?.[column] !== undefined)) return null;
    if (fields.length < this.#columns) {
      this.#short = { line, fields: fields.length };
      return null;
    }
    if (fields.length > this.#columns)
      return this.#fault("column_count", "row", line, `${fields.length} fields, where the header has ${this.#columns}`);
    return this.#readRow(fields, line);
  }

  /** The CSV itself ended in a fault. */
  broken(code: PoolFaultCode, line: number, message: string): void {
    this.#tellShort("column_count");
    this.#fault(code, "row", line, message);
  }

  /** The file does not end with a line end. Where its last row ends in a code, nobody can tell whether the code is whole. */
  unterminated(): void {
    const { line, code } = this.#last;
    if (code)
      this.#fault(
        "truncated_row",
        "code",
        line,
        "the last row ends in a code, and no line end after it: the code may be cut off; add a line end",
      );
  }

  end(): void {
    this.#tellShort("truncated_row");
    if (this.#faults.faults.length > 0) return;
    if (this.#header === null) this.#fault("empty_file", "file", undefined, "the file is empty");
    else if (this.#rows === 0) this.#fault("no_rows", "file", undefined, "the file has a header and nothing below it");
  }

  #fault(code: PoolFaultCode, at: string, line: number | undefined, message: string): null {
    this.#faults.add(line === undefined ? { code, at, message } : { code, at, line, message });
    return null;
  }

  #headerFault(code: PoolFaultCode, line: number, message: string): void {
    this.#faults.add({ code, at: "header", line, message }, MAX_HEADER_FAULTS);
  }

  #tellShort(code: "column_count" | "truncated_row"): void {
    if (this.#short === null) return;
    const { line, fields } = this.#short;
    this.#short = null;
    this.#fault(code, "row", line, `${fields} fields, where the header has ${this.#columns}`);
  }

  #readHeader(fields: readonly string[], line: number): Partial<Record<Column, number>> {
    const header: Partial<Record<Column, number>> = {};
    for (const [i, name] of fields.entries()) {
      const column = COLUMNS.find((known) => known === name);
      if (column === undefined) this.#headerFault("unknown_column", line, `${shown(name)} is none of ${COLUMNS.join(", ")}`);
      else if (header[column] !== undefined) this.#headerFault("duplicate_column", line, `column ${column} stands there twice`);
      else header[column] = i;
    }
    for (const column of REQUIRED_COLUMNS) {
      if (header[column] === undefined) this.#headerFault("missing_column", line, `column ${column} is missing`);
    }
    return header;
  }

  #field(fields: readonly string[], column: Column): string {
    const i = this.#header?.[column];
    return i === undefined ? "" : (fields[i] ?? "");
  }

  #readRow(fields: readonly string[], line: number): CodeRow | null {
    this.#last = { line, code: this.#header?.code === this.#columns - 1 && this.#field(fields, "code") !== "" };
    this.#readWindow(this.#field(fields, "opens_at"), this.#field(fields, "closes_at"), line);
    const prize = this.#field(fields, "prize");
    if (prize === "") return this.#fault("missing_prize", "prize", line, "the row names no prize");
    const kind = Object.hasOwn(this.#prizes, prize) ? this.#prizes[prize] : undefined;
    if (kind === undefined) return this.#fault("unknown_prize", "prize", line, `${shown(prize)} is not a prize of this campaign`);
    const code = this.#field(fields, "code");
    const written = this.#field(fields, "quantity");
    if (kind === "code") return this.#readCode(prize, code, written, line);
    if (code !== "") return this.#fault("unexpected_code", "code", line, `${prize} is of kind ${kind} and takes no codes`);
    const quantity = this.#readQuantity(written, line);
    if (quantity !== null && this.#count(quantity, line)) this.#quantities.set(prize, (this.#quantities.get(prize) ?? 0) + quantity);
    return null;
  }

  #readCode(prize: string, code: string, quantity: string, line: number): CodeRow | null {
    if (code === "") return this.#fault("missing_code", "code", line, `each card of ${prize} needs its code`);
    if (code.length > MAX_CODE_LENGTH || CONTROL.test(code))
      return this.#fault("invalid_code", "code", line, `a code is at most ${MAX_CODE_LENGTH} characters, in one line`);
    if (quantity !== "" && quantity !== "1")
      return this.#fault("code_quantity", "quantity", line, "a row with a code is one card: quantity is 1 or empty");
    if (!this.#count(1, line)) return null;
    this.#codes++;
    return { prize, code, line };
  }

  #readQuantity(written: string, line: number): number | null {
    if (written === "") return this.#fault("missing_quantity", "quantity", line, "the row has no quantity");
    if (!/^[+-]?\d+$/.test(written))
      return this.#fault("quantity_not_whole", "quantity", line, `${shown(written)} is not a whole number in plain digits`);
    const quantity = Number(written);
    if (quantity <= 0) return this.#fault("quantity_not_positive", "quantity", line, `${shown(written)} is not more than zero`);
    if (quantity > MAX_SEGMENT_CARDS)
      return this.#fault("quantity_too_big", "quantity", line, `more than the ${MAX_SEGMENT_CARDS} cards of a segment`);
    return quantity;
  }

  /** Adds to the cards of the segment. The row that brings it over the bound is at fault, and those after it are not counted. */
  #count(quantity: number, line: number): boolean {
    const within = this.#cards <= MAX_SEGMENT_CARDS;
    if (within) this.#cards += quantity;
    if (within && this.#cards > MAX_SEGMENT_CARDS)
      this.#fault("segment_too_big", "file", line, `from here on more than the ${MAX_SEGMENT_CARDS} cards of a segment: split the file`);
    return this.#cards <= MAX_SEGMENT_CARDS;
  }

  /** One file is one segment, so all of its rows open and close together: the first row says when. */
  #readWindow(opens: string, closes: string, line: number): void {
    const first = this.#window;
    if (first !== null && opens === first.opens && closes === first.closes) return;
    const opensAtMs = this.#readInstant(opens, "opens_at", line);
    const closesAtMs = this.#readInstant(closes, "closes_at", line);
    if (opensAtMs === undefined || closesAtMs === undefined) return;
    if (first === null) {
      this.#window = { opens, closes, opensAtMs, closesAtMs, line };
      if (opensAtMs !== null && closesAtMs !== null && closesAtMs <= opensAtMs)
        this.#fault("window_empty", "closes_at", line, "the segment closes before it opens");
      return;
    }
    const differing = opensAtMs !== first.opensAtMs ? "opens_at" : closesAtMs !== first.closesAtMs ? "closes_at" : null;
    if (differing !== null) this.#fault("window_differs", differing, line, `other than in line ${first.line}: one file is one segment`);
  }

  #readInstant(written: string, column: Column, line: number): number | null | undefined {
    if (written === "") return null;
    if (instant.safeParse(written).success) return Date.parse(written);
    this.#fault("invalid_instant", column, line, `${shown(written)} is no time like 2027-02-05T20:00:00+08:00`);
    return undefined;
  }
}

/** A file whose rows have all been read. */
export function poolFile({ quantities, codes, window, faults, more }: RowsState): PoolFile {
  return {
    entries: quantities.map(([prize, quantity]) => ({ prize, quantity })),
    codes,
    opensAtMs: window?.opensAtMs ?? null,
    closesAtMs: window?.closesAtMs ?? null,
    faults,
    more,
  };
}

function shown(value: string): string {
  return JSON.stringify(value.length > MAX_SHOWN_CHARACTERS ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…` : value);
}
