import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { CodeChunk, PackedDigests } from "./protocol.ts";

/** 128 bits of SHA-256: no two of any number of codes that fit into a pool share them. */
const DIGEST_BYTES = 16;
/** A digest, then the code's line as a little-endian 32-bit number. */
const ENTRY_BYTES = DIGEST_BYTES + 4;
export const ENTRY_WORDS = ENTRY_BYTES / 4;
export const DIGEST_WORDS = DIGEST_BYTES / 4;
/**
 * Digests are compared part by part, a part being those with the same first byte: of five million codes each has 20,000, compared in some
 * milliseconds; of the 200 million that fill the 10 GB of an object, 780,000, which are 16 MB of its 128.
 */
export const DIGEST_PARTS = 256;
/** Codes in one row: a lease reads few that it does not need, and, at their longest, they are below the 2 MB of one SQL value. */
const CODES_PER_CHUNK = 2_000;

export interface CodeRow {
  readonly prize: string;
  readonly code: string;
  readonly line: number;
}

/** What a step of an import brings of codes. */
export interface PackedCodes {
  readonly chunks: readonly CodeChunk[];
  readonly digests: PackedDigests;
}

/** Packs codes as the pool stores them, in their order. Most of its work is done with each `add`. */
export class CodePacker {
  readonly #codes = new Map<string, string[]>();
  readonly #digests: Uint8Array[] = [];
  readonly #lines: number[] = [];

  add({ prize, code, line }: CodeRow): void {
    const own = this.#codes.get(prize);
    if (own === undefined) this.#codes.set(prize, [code]);
    else own.push(code);
    this.#digests.push(sha256(utf8ToBytes(code)));
    this.#lines.push(line);
  }

  pack(): PackedCodes {
    const chunks: CodeChunk[] = [];
    for (const [prize, codes] of this.#codes) {
      for (let first = 0; first < codes.length; first += CODES_PER_CHUNK) {
        const chunk = codes.slice(first, first + CODES_PER_CHUNK);
        chunks.push({ prize, count: chunk.length, codes: JSON.stringify(chunk) });
      }
    }
    return { chunks, digests: this.#packDigests() };
  }

  /** Sorted by part, and else in their order. */
  #packDigests(): PackedDigests {
    const counts = Array.from({ length: DIGEST_PARTS }, () => 0);
    for (const [part = 0] of this.#digests) counts[part] = (counts[part] ?? 0) + 1;
    let end = 0;
    const places = counts.map((count) => (end += count) - count);
    const entries = new Uint8Array(end * ENTRY_BYTES);
    const view = new DataView(entries.buffer);
    for (const [i, digest] of this.#digests.entries()) {
      const part = digest[0] ?? 0;
      const at = (places[part] ?? 0) * ENTRY_BYTES;
      places[part] = (places[part] ?? 0) + 1;
      entries.set(digest.subarray(0, DIGEST_BYTES), at);
      view.setUint32(at + DIGEST_BYTES, this.#lines[i] ?? 0, true);
    }
    return { entries, counts };
  }
}

export function packCodes(rows: Iterable<CodeRow>): PackedCodes {
  const packer = new CodePacker();
  for (const row of rows) packer.add(row);
  return packer.pack();
}

/** The entries of each part that has any. */
export function* partsOf({ entries, counts }: PackedDigests): Generator<{ readonly part: number; readonly entries: Uint8Array }> {
  let at = 0;
  for (const [part, count] of counts.entries()) {
    if (count > 0) yield { part, entries: entries.subarray(at, at + count * ENTRY_BYTES) };
    at += count * ENTRY_BYTES;
  }
}
