import { createCipheriv, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveCardKeys, mintCardId, readCardId, shardOfCardId } from "./card-id.ts";
import type { CardKey } from "./card-id.ts";

const [key, keyV1] = deriveCardKeys("a secret of at least 32 characters") as [CardKey, CardKey];
const [older] = deriveCardKeys("an older secret, of 32 characters") as [CardKey];
const places = fc.record({ shard: fc.nat(65_535), seq: fc.nat(2 ** 40 - 1) });

describe("a card id", () => {
  it("is what it was, by either version", () => {
    const place = { shard: 3, seq: 12_345 };
    expect(mintCardId(keyV1, "spring", place)).toMatchInlineSnapshot(`"AQADAAAAMDmWaaRtbL9cSA-DL1U41QEx"`);
    expect(mintCardId(key, "spring", place)).toMatchInlineSnapshot(`"AgADAAAAMDmjTk1fwy90Wc2UzMmBg8eG"`);
    expect(mintCardId(key, "spring", { shard: 65_535, seq: 2 ** 40 - 1 })).toMatchInlineSnapshot(`"Av________924Qc97QjoEYxcNzi3CFqk"`);
  });

  it("has the mac that another ChaCha20 gives", () => {
    fc.assert(
      fc.property(places, ({ shard, seq }) => {
        const derive = (secret: string | Buffer, info: string) => Buffer.from(hkdfSync("sha256", secret, "", info, 32));
        const counterAndNonce = Buffer.alloc(16);
        counterAndNonce.writeUInt16BE(shard, 4);
        counterAndNonce.writeUIntBE(Math.floor(seq / 16), 6, 6);
        const cipher = createCipheriv(
          "chacha20",
          derive(derive("a secret of at least 32 characters", "kuji card id v2"), "spring"),
          counterAndNonce,
        );
        const expected = cipher
          .update(Buffer.alloc(256))
          .subarray(16 * (seq % 16))
          .subarray(0, 16);
        expect(Buffer.from(mintCardId(key, "spring", { shard, seq }), "base64url").subarray(8)).toEqual(expected);
      }),
    );
  });

  it("names its shard, whoever made it", () => {
    fc.assert(
      fc.property(fc.constantFrom(key, keyV1, older), places, (by, place) => {
        expect(shardOfCardId(mintCardId(by, "spring", place))).toBe(place.shard);
      }),
    );
    for (const none of ["", "card 1", "AgADAAAAMDmjTk1fwy90Wc2UzMmBg8e", "AgADAAAAMDmjTk1fwy90Wc2UzMmBg8e="])
      expect(shardOfCardId(none)).toBeNull();
  });

  it("is read by the keys of the secret that made it, whichever its version", () => {
    fc.assert(
      fc.property(places, (place) => {
        expect(readCardId([key, keyV1], "spring", mintCardId(keyV1, "spring", place))).toEqual(place);
        expect(readCardId([key], "spring", mintCardId(keyV1, "spring", place))).toBeNull();
      }),
    );
  });

  it("has a mac of its own for each number, shard and campaign", () => {
    const macs = new Set<string>();
    for (const campaign of ["spring", "summer"]) {
      for (const shard of [0, 1]) for (let seq = 0; seq < 100; seq++) macs.add(mintCardId(key, campaign, { shard, seq }).slice(11));
    }
    expect(macs.size).toBe(400);
  });

  it("leads back to its card, for the campaign and key that it was made with", () => {
    fc.assert(
      fc.property(places, (place) => {
        const id = mintCardId(key, "spring", place);
        expect(id).toHaveLength(32);
        expect(readCardId([key], "spring", id)).toEqual(place);
        expect(readCardId([key], "summer", id)).toBeNull();
        expect(readCardId([older], "spring", id)).toBeNull();
        expect(readCardId([key, older], "spring", mintCardId(older, "spring", place))).toEqual(place);
      }),
    );
  });

  it("is refused with any one character changed", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const id = mintCardId(key, "spring", { shard: 3, seq: 12_345 });
    for (let i = 0; i < id.length; i++) {
      for (const character of alphabet) {
        if (character === id[i]) continue;
        expect(readCardId([key], "spring", id.slice(0, i) + character + id.slice(i + 1))).toBeNull();
      }
    }
  });

  it("is refused when it is no id at all", () => {
    for (const text of ["", "x", "A".repeat(31), "A".repeat(32), "A".repeat(33), `${"A".repeat(31)}=`, "字".repeat(32)]) {
      expect(readCardId([key], "spring", text)).toBeNull();
    }
  });
});
