import { Buffer } from "node:buffer";
import type { CardEvent } from "../protocol.ts";

/** A queue message holds 128 KB (128,000 bytes), its header included. */
export const MAX_BLOCK_BYTES = 112_000;
/** One row of the outbox: several fill a block without much waste. */
const MAX_ROW_BYTES = 28_000;
/** Unacknowledged blocks are sent again after this, doubling up to the longest: the ledger normally answers within seconds. */
const FIRST_RESEND_MS = 15_000;
const LONGEST_RESEND_MS = 600_000;

export interface OutboxRow {
  readonly events: number;
  readonly bytes: number;
  readonly body: string;
}

/** An event as it stands in a block: a line of NDJSON. */
export function eventLine(event: CardEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** Events as rows for the outbox, in order, each row within its bound. One flush makes one row, unless it is large. */
export function packEvents(events: readonly CardEvent[]): OutboxRow[] {
  return packLines(events.map(eventLine));
}

export function packLines(all: readonly string[]): OutboxRow[] {
  const rows: OutboxRow[] = [];
  let lines: string[] = [];
  let bytes = 0;
  const close = () => {
    if (lines.length > 0) rows.push({ events: lines.length, bytes, body: lines.join("") });
    lines = [];
    bytes = 0;
  };
  for (const line of all) {
    const lineBytes = Buffer.byteLength(line);
    if (bytes + lineBytes > MAX_ROW_BYTES) close();
    lines.push(line);
    bytes += lineBytes;
  }
  close();
  return rows;
}

export interface OutboxRange {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly events: number;
}

/** Cuts waiting rows into blocks, in order, each as full as it may be. */
export function cutBlocks(rows: readonly { readonly row: number; readonly events: number; readonly bytes: number }[]): OutboxRange[] {
  const ranges: OutboxRange[] = [];
  let bytes = 0;
  for (const { row, events, bytes: rowBytes } of rows) {
    const open = ranges.at(-1);
    if (open !== undefined && bytes + rowBytes <= MAX_BLOCK_BYTES) {
      ranges[ranges.length - 1] = { firstRow: open.firstRow, lastRow: row, events: open.events + events };
      bytes += rowBytes;
    } else {
      ranges.push({ firstRow: row, lastRow: row, events });
      bytes = rowBytes;
    }
  }
  return ranges;
}

/** When a block that has been sent `attempts` times is to be sent again, if nobody acknowledges it. */
export function resendAt(attempts: number, nowMs: number): number {
  return nowMs + Math.min(LONGEST_RESEND_MS, FIRST_RESEND_MS * 2 ** Math.max(0, attempts - 1));
}
