import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CardEvent } from "../protocol.ts";
import { cutBlocks, MAX_BLOCK_BYTES, packEvents, resendAt, roomOf, sealAt } from "./outbox.ts";

const events = fc.array(
  fc.record({
    type: fc.constant("issued" as const),
    at: fc.nat(),
    card: fc.string({ minLength: 32, maxLength: 32 }),
    version: fc.constant(1),
    prize: fc.constant("win"),
    request: fc.string({ maxLength: 128, unit: "grapheme" }),
    metadata: fc.string({ maxLength: 1_024, unit: "grapheme" }),
  }),
  { maxLength: 400 },
);

describe("the outbox", () => {
  it("packs events in order, none lost, into rows and blocks within their bounds", () => {
    fc.assert(
      fc.property(events, (all: CardEvent[]) => {
        const rows = packEvents(all);
        expect(rows.map(({ body }) => body).join("")).toBe(all.map((event) => `${JSON.stringify(event)}\n`).join(""));
        for (const { body, bytes } of rows) expect(Buffer.byteLength(body)).toBe(bytes);
        const blocks = cutBlocks(rows.map(({ events: count, bytes }, i) => ({ row: i + 1, events: count, bytes })));
        expect(blocks.reduce((sum, block) => sum + block.events, 0)).toBe(all.length);
        let next = 1;
        for (const { firstRow, lastRow } of blocks) {
          expect(firstRow).toBe(next);
          next = lastRow + 1;
          const bytes = rows.slice(firstRow - 1, lastRow).reduce((sum, row) => sum + row.bytes, 0);
          expect(bytes).toBeLessThanOrEqual(MAX_BLOCK_BYTES);
        }
        expect(next).toBe(rows.length + 1);
      }),
      { numRuns: 50 },
    );
  });

  it("sends an unacknowledged block again ever more rarely, but never gives up", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 50].map((attempts) => resendAt(attempts, 0));
    expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it("has a bound, and keeps the last of its room for cards that are out", () => {
    const rooms = Array.from({ length: 10_000 }, (_, blocks) => roomOf(blocks));
    const order = ["all", "cards", "none"];
    expect(rooms.filter((room, i) => i === 0 || room !== rooms[i - 1])).toEqual(order);
    expect(rooms.indexOf("none") * MAX_BLOCK_BYTES).toBeLessThan(512_000_000);
  });

  it("cuts blocks as events come, and fewer while the ledger lags", () => {
    expect(sealAt(0, 1_000)).toBe(0);
    expect(sealAt(1_000, 1_000)).toBe(6_000);
  });
});
