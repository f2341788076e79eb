import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FAULTS } from "./faults.ts";
import type { PoolFaultCode } from "./faults.ts";
import { parsePool, POOL_START } from "./parse-pool.ts";
import type { PoolCursor } from "./parse-pool.ts";
import { MAX_SEGMENT_CARDS } from "../../durable-objects/protocol.ts";
import type { CodeRow } from "../../durable-objects/code-digests.ts";
import { poolFile } from "./pool-rows.ts";
import type { PoolFile } from "./pool-rows.ts";

const PRIZES = { sticker: "line-sticker", coupon: "coupon", "cafe-code": "code", thanks: "none" } as const;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Reads a file in stretches of these sizes, each from where the last left off; one in which no row ends is made longer. */
async function read(
  file: string | Uint8Array,
  sizes: readonly number[] = [Infinity],
): Promise<PoolFile & { readonly rows: readonly CodeRow[] }> {
  const rows: CodeRow[] = [];
  const whole = typeof file === "string" ? bytes(file) : file;
  let cursor = POOL_START;
  for (let i = 0, longer = 0; !cursor.end; i++) {
    const { offset } = cursor;
    const stretch = whole.subarray(offset, offset + (sizes[i % sizes.length] ?? 1) + longer);
    const last = offset + stretch.length === whole.length;
    const next = await parsePool(cursor, { bytes: stretch, last, prizes: PRIZES, take: (code) => rows.push(code) });
    longer = next.offset === offset ? 2 * longer + 1 : 0;
    // A cursor survives being written down.
    cursor = JSON.parse(JSON.stringify(next)) as PoolCursor;
  }
  return { ...poolFile(cursor.rows), rows };
}

describe("a prize-pool file", () => {
  it("is read into its manifest, rows of a prize added up", async () => {
    expect(await read("prize,quantity\nsticker,100\ncoupon,20\nsticker,5\n")).toMatchObject({
      entries: [
        { prize: "sticker", quantity: 105 },
        { prize: "coupon", quantity: 20 },
      ],
      codes: 0,
      opensAtMs: null,
      closesAtMs: null,
      faults: [],
    });
  });

  it("is read with codes, a window, columns in any order, a byte-order mark, CRLF, quotes, blank lines and no newline at its end", async () => {
    const file = [
      '\uFEFF"code",closes_at, opens_at ,quantity,prize',
      "",
      'AB-1,2027-02-06T12:00:00Z,2027-02-05T20:00:00+08:00,1,"cafe-code"',
      '"say ""hi"", 2",2027-02-06T12:00:00Z,2027-02-05T12:00:00.000Z,,cafe-code',
      ",,,,",
      ",2027-02-06T12:00:00Z,2027-02-05T20:00:00+08:00,7,thanks",
    ].join("\r\n");
    expect(await read(file)).toMatchObject({
      faults: [],
      entries: [{ prize: "thanks", quantity: 7 }],
      codes: 2,
      rows: [
        { prize: "cafe-code", code: "AB-1", line: 3 },
        { prize: "cafe-code", code: 'say "hi", 2', line: 4 },
      ],
      opensAtMs: Date.UTC(2027, 1, 5, 12),
      closesAtMs: Date.UTC(2027, 1, 6, 12),
    });
  });

  const H = "prize,quantity\nsticker,1\n";
  const C = "prize,quantity,code\ncafe-code,1,A\n";
  const W = "prize,quantity,opens_at,closes_at\nsticker,1,2027-02-05T12:00:00Z,2027-02-06T12:00:00Z\n";
  it.each<[string, PoolFaultCode, number | undefined, string, string]>([
    ["is empty", "empty_file", undefined, "file", ""],
    ["is a byte-order mark", "empty_file", undefined, "file", "\uFEFF"],
    ["is blank", "empty_file", undefined, "file", "\r\n \n,,\n"],
    ["is a header", "no_rows", undefined, "file", "prize,quantity\n"],
    ["misses a column", "missing_column", 1, "header", "prize,code\nsticker,A\n"],
    ["has an unknown column", "unknown_column", 1, "header", "prize,quantity,colour\nsticker,1,red\n"],
    ["has a column twice", "duplicate_column", 2, "header", "\nprize,quantity,quantity\nsticker,1,1\n"],
    ["has a row without a prize", "missing_prize", 3, "prize", `${H},5\n`],
    ["has an unknown prize", "unknown_prize", 3, "prize", `${H}stikcer,5\n`],
    ["has a prize of every object", "unknown_prize", 3, "prize", `${H}constructor,5\n`],
    ["misses a quantity", "missing_quantity", 3, "quantity", `${H}coupon,\n`],
    ["has a negative quantity", "quantity_not_positive", 3, "quantity", `${H}coupon,-5\n`],
    ["has a quantity of zero", "quantity_not_positive", 3, "quantity", `${H}coupon,0\n`],
    ["has a broken quantity", "quantity_not_whole", 3, "quantity", `${H}coupon,1.5\n`],
    ["has a quantity in words", "quantity_not_whole", 3, "quantity", `${H}coupon,five\n`],
    ["has a grouped quantity", "quantity_not_whole", 3, "quantity", `${H}coupon,"1,000"\n`],
    ["has a quantity beyond a segment", "quantity_too_big", 3, "quantity", `${H}coupon,${MAX_SEGMENT_CARDS + 1}\n`],
    ["has more cards than a segment", "segment_too_big", 3, "file", `${H}coupon,${MAX_SEGMENT_CARDS}\ncoupon,1\n`],
    ["has too few fields", "column_count", 3, "row", `${H}coupon\nsticker,1\n`],
    ["has too many fields", "column_count", 3, "row", `${H}coupon,1,A\n`],
    ["is cut off in its last row", "truncated_row", 3, "row", `${H}coup`],
    ["is cut off within quotes", "truncated_row", 3, "row", `${H}"coup`],
    ["may be cut off within its last code", "truncated_row", 3, "code", `${C}cafe-code,1,CAFE-BU`],
    ["has a quote in a field", "invalid_quote", 3, "row", `${H}cou"pon,1\nsticker,1\n`],
    ["has text after a quote", "invalid_quote", 3, "row", `${H}"cou"pon,1\nsticker,1\n`],
    ["has a quote that swallows the rest", "row_too_long", 4, "row", `${H}\n"coupon,1\n${"sticker,1\n".repeat(2_000)}`],
    ["has a code row without its code", "missing_code", 3, "code", `${C}cafe-code,1,\n`],
    ["has a code of a prize without codes", "unexpected_code", 3, "code", `${C}coupon,1,B\n`],
    ["has a code for two cards", "code_quantity", 3, "quantity", `${C}cafe-code,2,B\n`],
    ["has a code in two lines", "invalid_code", 3, "code", `${C}cafe-code,1,"B\nC"\n`],
    ["has an endless code", "invalid_code", 3, "code", `${C}cafe-code,1,${"B".repeat(201)}\n`],
    ["has a time without a zone", "invalid_instant", 2, "opens_at", "prize,quantity,opens_at\nsticker,1,2027-02-05T12:00:00\n"],
    ["closes before it opens", "window_empty", 2, "closes_at", W.replace("02-06", "02-04")],
    ["opens twice", "window_differs", 3, "opens_at", `${W}sticker,1,2027-02-05T13:00:00Z,2027-02-06T12:00:00Z\n`],
    ["closes and does not", "window_differs", 3, "closes_at", `${W}sticker,1,2027-02-05T12:00:00Z,\n`],
  ])("that %s is refused: %s, line %s", async (_, code, line, at, file) => {
    const { faults, more } = await read(file);
    expect(faults.map((fault) => [fault.code, fault.line, fault.at])).toEqual([[code, line, at]]);
    expect(more).toBe(0);
  });

  it("that is not UTF-8 is refused with the line", async () => {
    const file = Uint8Array.of(...bytes(H), 0xff, ...bytes(",1\n"));
    expect((await read(file)).faults).toMatchObject([{ code: "not_utf8", line: 3 }]);
  });

  it.each(["utf16le", "utf16be"])("that is %s is refused", async (encoding) => {
    const file = Buffer.from(`\uFEFF${H}`, "utf16le");
    expect((await read(encoding === "utf16be" ? file.swap16() : file)).faults).toMatchObject([{ code: "not_utf8", line: 1 }]);
  });

  it.each(["utf16le", "utf16be"])("that is %s without a mark is refused once", async (encoding) => {
    const file = Buffer.from(H, "utf16le");
    expect((await read(encoding === "utf16be" ? file.swap16() : file)).faults).toMatchObject([
      { code: "not_utf8", message: "the file is UTF-16, and must be UTF-8: save it as UTF-8" },
    ]);
  });

  it("of another kind is refused with few of its columns, and their number", async () => {
    const { faults, more } = await read(`${Array.from({ length: 2_000 }, () => "x").join(",")}\n`);
    expect(faults.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => "unknown_column"));
    expect(more).toBe(1_982);
  });

  it("counts lines rightly past a field of several lines, whatever they end with", async () => {
    for (const newline of ["\n", "\r\n"]) {
      const file = `prize,quantity,code\ncafe-code,1,"A\n\nB"\n\nstikcer,1,\n`.replaceAll("\n", newline);
      expect((await read(file)).faults).toMatchObject([
        { code: "invalid_code", line: 2 },
        { code: "unknown_prize", line: 6 },
      ]);
    }
  });

  it("names every bad row, up to a bound, and counts the others", async () => {
    const { faults, more } = await read(`prize,quantity\n${"sticker,0\n".repeat(MAX_FAULTS + 5)}`);
    expect([faults.length, more, faults.at(-1)?.line]).toEqual([MAX_FAULTS, 5, MAX_FAULTS + 1]);
  });

  it("shows no code in a fault", async () => {
    const { faults } = await read('prize,quantity,code\ncafe-code,2,SECRET\ncafe-code,1,"SECRET\n2"\ncoupon,1,SECRET\n');
    expect(faults).toHaveLength(3);
    expect(JSON.stringify(faults)).not.toContain("SECRET");
  });
});

const cell = fc.oneof(
  fc.constantFrom(
    "sticker",
    "cafe-code",
    "thanks",
    "1",
    "20",
    "-1",
    "",
    "A",
    "B",
    "2027-02-05T12:00:00Z",
    '"',
    '"x"',
    '"x\r\ny"',
    "碼",
    "\uFEFF",
  ),
  fc.string({ maxLength: 4 }),
);
const csvFile = fc
  .tuple(
    fc.constantFrom("", "\uFEFF"),
    fc.constantFrom("prize,quantity", "prize,quantity,code", "code,prize,opens_at,quantity", "prize,nothing"),
    fc.array(fc.tuple(fc.array(cell, { minLength: 1, maxLength: 4 }), fc.constantFrom("\n", "\r\n", "\n\n", "\r")), { maxLength: 12 }),
  )
  .map(([bom, header, rows]) => `${bom}${header}\r\n${rows.map(([cells, newline]) => cells.join(",") + newline).join("")}`);

describe("any division of a file into stretches", () => {
  it("gives the same result", async () => {
    await fc.assert(
      fc.asyncProperty(csvFile, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), async (file, sizes) => {
        expect(await read(file, sizes)).toEqual(await read(file));
      }),
      { numRuns: 500 },
    );
  });
});

describe("any good file", () => {
  const goodRow = fc.oneof(
    fc.record({ prize: fc.constantFrom("sticker", "coupon", "thanks"), quantity: fc.integer({ min: 1, max: 1_000 }) }),
    fc.record({ prize: fc.constant("cafe-code"), code: fc.uuid() }),
  );

  it("gives as many cards of each prize as it says, and its codes in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(goodRow, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 64 }), async (rows, size) => {
        const lines = rows.map((row) => ("code" in row ? `${row.prize},,${row.code}` : `${row.prize},${row.quantity},`));
        const pool = await read(["prize,quantity,code", ...lines, ""].join("\n"), [size]);
        expect(pool.faults).toEqual([]);
        expect(pool.rows.map(({ code }) => code)).toEqual(rows.flatMap((row) => ("code" in row ? [row.code] : [])));
        for (const prize of ["sticker", "coupon", "thanks"]) {
          const said = rows.reduce((sum, row) => sum + ("quantity" in row && row.prize === prize ? row.quantity : 0), 0);
          expect(pool.entries.find((entry) => entry.prize === prize)?.quantity ?? 0).toBe(said);
        }
      }),
    );
  });
});
