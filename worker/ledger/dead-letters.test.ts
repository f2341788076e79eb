import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBlock, GENESIS_HASH, hashBlock } from "../../durable-objects/block.ts";
import { deadLetter } from "./dead-letters.ts";

function bytesOf(view: Uint8Array): ArrayBuffer {
  return new Uint8Array(view).buffer;
}

test("of a block its header is kept, and nothing of its events", () => {
  const body = '{"type":"revealed","user":"U123"}\n';
  const header = { campaign: "spring", shard: 3, block: 7, prev: GENESIS_HASH, hash: hashBlock(GENESIS_HASH, body), events: 1 };
  expect(JSON.parse(deadLetter(bytesOf(encodeBlock(header, body))))).toEqual(header);
});

test("bytes that are no block are kept as their number", () => {
  expect(JSON.parse(deadLetter(bytesOf(new TextEncoder().encode("torn {"))))).toEqual({ unreadable: true, bytes: 6 });
  expect(JSON.parse(deadLetter(new ArrayBuffer(100_000)))).toEqual({ unreadable: true, bytes: 100_000 });
});

test("whatever arrives, what is kept is JSON of bounded length", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.uint8Array({ maxLength: 6_000 }).map(bytesOf)), (body) => {
      const letter = deadLetter(body);
      expect(() => JSON.parse(letter)).not.toThrow();
      expect(letter.length).toBeLessThanOrEqual(65_536);
    }),
  );
});

test("a message is kept as it is, one that is too long as its length", () => {
  expect(JSON.parse(deadLetter({ rewards: [{ card: "c", campaign: "spring" }] }))).toEqual({
    rewards: [{ card: "c", campaign: "spring" }],
  });
  expect(JSON.parse(deadLetter("x".repeat(70_000)))).toEqual({ tooLong: true, characters: 70_002 });
});
