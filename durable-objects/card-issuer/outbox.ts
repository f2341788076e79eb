import { Buffer } from "node:buffer";
import type { CardEvent } from "../protocol.ts";

/** A queue message holds 128 KB (128,000 bytes), its header included. */
export const MAX_BLOCK_BYTES = 112_000;
/** One row of the outbox: several fill a block without much waste. */
const MAX_ROW_BYTES = 28_000;
/** Cards that may wait for a block before one is made at once: what is held in memory, and read again at a start. */
export const MAX_UNTOLD_CARDS = 2_000;
/** Unacknowledged blocks are sent again after this, doubling up to the longest: the ledger normally answers within seconds. */
const FIRST_RESEND_MS = 15_000;
const LONGEST_RESEND_MS = 600_000;
/** Each block that the ledger confirms brings so many others on their way: a ledger that is back is given its due at its own pace. */
export const STALE_PER_CONFIRMED = 2;
/** A block that was sent so often would else wait for two minutes and more. */
export const STALE_AFTER_ATTEMPTS = 4;

/**
 * Blocks that the ledger has not confirmed. Full ones make 448 MB: a twentieth of what an object may store, and of 50 shards no more than the 25 GB that a queue holds.
 * At the 300 cards a second that a shard is made for, half an hour without the ledger makes so many; at a fifth of it, as campaigns are on the average, two hours and a half.
 */
const MAX_UNSETTLED_BLOCKS = 4_000;
/** The last quarter is for the cards that are out already: a new card would need it too, and its draw can wait. */
const MAX_UNSETTLED_BLOCKS_TO_DRAW = 3_000;
/** So many blocks are not confirmed only where the ledger lags: then events gather for longer, lest each half second's be a block of its own. */
const LAGGING_BLOCKS = 100;
const GATHER_WHILE_LAGGING_MS = 5_000;

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

/** What may still add events: draws and cards' lives, only these, or nothing. What tells nothing new is answered all the same. */
export type OutboxRoom = "all" | "cards" | "none";

export function roomOf(unsettledBlocks: number): OutboxRoom {
  if (unsettledBlocks >= MAX_UNSETTLED_BLOCKS) return "none";
  return unsettledBlocks >= MAX_UNSETTLED_BLOCKS_TO_DRAW ? "cards" : "all";
}

/** When the next block is to be cut after one at `sealedAtMs`; until then events gather. */
export function sealAt(unsettledBlocks: number, sealedAtMs: number): number {
  return unsettledBlocks < LAGGING_BLOCKS ? 0 : sealedAtMs + GATHER_WHILE_LAGGING_MS;
}
