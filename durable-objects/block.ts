import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { BlockHeader, CardEvent } from "./protocol.ts";

/** `prev` of a shard's first block. */
export const GENESIS_HASH = "0".repeat(64);

/** SHA-256 of the block before it (hex) and the body (NDJSON, UTF-8): a block cannot be changed, dropped or moved unnoticed. */
export function hashBlock(prev: string, body: string): string {
  return createHash("sha256").update(prev).update(body).digest("hex");
}

/** A block as it travels: its header as one line of JSON, then its events, a line each. UTF-8. */
export function encodeBlock(header: BlockHeader, body: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(header)}\n${body}`);
}

export interface Block {
  readonly header: BlockHeader;
  readonly body: string;
}

/** Parses and checks a block that travelled; null for one that was damaged or is none. */
export function decodeBlock(bytes: Uint8Array): Block | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const end = text.indexOf("\n");
  if (end === -1) return null;
  const body = text.slice(end + 1);
  try {
    const header = JSON.parse(text.slice(0, end)) as BlockHeader;
    return hashBlock(header.prev, body) === header.hash ? { header, body } : null;
  } catch {
    return null;
  }
}

export function blockEvents({ body }: Pick<Block, "body">): CardEvent[] {
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as CardEvent);
}
