import { chacha20 } from "@noble/ciphers/chacha.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { keystreamWords } from "./keystream.ts";

const BLOCK_WORDS = 16;

/** Some of the keystream's blocks of 64 bytes, hex. */
function blocksOf(seed: Uint8Array, first: number, count: number): string {
  const next = keystreamWords(seed);
  for (let skipped = 0; skipped < first * BLOCK_WORDS; skipped++) next();
  const bytes = new DataView(new ArrayBuffer(count * BLOCK_WORDS * 4));
  for (let word = 0; word < count * BLOCK_WORDS; word++) bytes.setUint32(word * 4, next(), true);
  return bytesToHex(new Uint8Array(bytes.buffer));
}

function keyOf(at: number, byte: number): Uint8Array {
  const key = new Uint8Array(32);
  key[at] = byte;
  return key;
}

describe("the keystream", () => {
  it("is that of RFC 8439, appendix A.1, test vectors 1 to 4", () => {
    const vectors = [
      [
        keyOf(0, 0),
        0,
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
      ],
      [
        keyOf(0, 0),
        1,
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
      ],
      [
        keyOf(31, 1),
        1,
        "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
      ],
      [
        keyOf(1, 255),
        2,
        "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
      ],
    ] as const;
    for (const [key, block, expected] of vectors) expect(blocksOf(key, block, 1)).toBe(expected);
  });

  it("goes on without a seam where its buffer ends", () => {
    const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
    const blocks = 200;
    expect(blocksOf(seed, 0, blocks)).toBe(bytesToHex(chacha20(seed, new Uint8Array(12), new Uint8Array(blocks * 64))));
  });
});
