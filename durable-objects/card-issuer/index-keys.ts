import type { Draw } from "../protocol.ts";

/** What cards are found by, hashed (see `hashKey`), in their order. */
export interface IndexKeys {
  readonly requests: Float64Array;
  /** `NO_KEY` for a card without a recipient. */
  readonly recipients: Float64Array;
}

/** No hash: they are not negative. */
export const NO_KEY = -1;

const KINDS = { request: 1, recipient: 2 } as const;
const LANES = [0xdeadbeef, 0x41c6ce57] as const;

export function keysOf(draws: readonly Pick<Draw, "requestId" | "recipient">[]): IndexKeys {
  const requests = new Float64Array(draws.length);
  const recipients = new Float64Array(draws.length);
  for (let i = 0; i < draws.length; i++) {
    const { requestId, recipient } = draws[i] as Draw;
    requests[i] = hashKey(KINDS.request, requestId);
    recipients[i] = recipient === null ? NO_KEY : hashKey(KINDS.recipient, recipient);
  }
  return { requests, recipients };
}

/** The keys of cards that were drawn with this text as request or as recipient. */
export function keysOfText(text: string): Float64Array {
  return Float64Array.of(hashKey(KINDS.request, text), hashKey(KINDS.recipient, text));
}

/** 53 bits of `text` (cyrb53, public domain); `kind` keeps texts of different meaning apart. No secret: who looks up an entry compares the text itself. */
export function hashKey(kind: number, text: string): number {
  let [a, b] = [LANES[0] ^ kind, LANES[1] ^ kind];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2_654_435_761);
    b = Math.imul(b ^ unit, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0);
}
