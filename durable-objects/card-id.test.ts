import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveCardKey, mintCardId, readCardId } from "./card-id.ts";

const key = deriveCardKey("a secret of at least 32 characters");
const older = deriveCardKey("an older secret, of 32 characters");
const places = fc.record({ shard: fc.nat(65_535), seq: fc.nat(2 ** 40 - 1) });

describe("a card id", () => {
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
