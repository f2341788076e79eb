import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shuffleDeck } from "./deck.ts";
import { cardLeaf, growTree, proveCard } from "./deck-tree.ts";
import type { DeckLeaves } from "./deck-tree.ts";
import { hashLeaf, levelsOf, rootFrom, siblingsOf } from "./merkle.ts";

/** RFC 9162 §2.1.1 in its own words: split at the largest power of two below n. */
function rfcRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return hashLeaf(leaves[0] ?? new Uint8Array());
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(concatBytes(new Uint8Array([1]), rfcRoot(leaves.slice(0, split)), rfcRoot(leaves.slice(split))));
}

const leavesOf = (n: number) => Array.from({ length: n }, (_, i) => utf8ToBytes(`leaf ${i}`));

describe("the Merkle tree", () => {
  it("has the roots of the test vectors of Certificate Transparency", () => {
    const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map(hexToBytes);
    const roots = [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (const [i, root] of roots.entries()) {
      const levels = levelsOf(concatBytes(...inputs.slice(0, i + 1).map(hashLeaf)));
      expect(bytesToHex(levels.at(-1) ?? new Uint8Array())).toBe(root);
    }
  });

  it("is RFC 9162's for any number of leaves, and every leaf's path leads to the root from its own place alone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70 }), fc.nat(), (size, pick) => {
        const leaves = leavesOf(size);
        const levels = levelsOf(concatBytes(...leaves.map(hashLeaf)));
        const root = rfcRoot(leaves);
        expect(levels.at(-1)).toEqual(root);
        const index = pick % size;
        const path = siblingsOf(levels, index);
        expect(rootFrom(hashLeaf(leaves[index] ?? new Uint8Array()), index, size, path)).toEqual(root);
        expect(rootFrom(hashLeaf(utf8ToBytes("another")), index, size, path)).not.toEqual(root);
        expect(rootFrom(hashLeaf(leaves[index] ?? new Uint8Array()), index, size, [...path, root])).toBeNull();
        expect(rootFrom(hashLeaf(leaves[index] ?? new Uint8Array()), index, size, path.slice(1))).toBeNull();
        expect(rootFrom(hashLeaf(leaves[index] ?? new Uint8Array()), size, size, path)).toBeNull();
      }),
    );
  });
});

function deckOf(cards: number): DeckLeaves {
  const seed = sha256(utf8ToBytes(`deck of ${cards}`));
  const few = Math.floor(cards / 3);
  const deck = shuffleDeck(
    [
      { prize: "coupon", quantity: few },
      { prize: "thanks", quantity: cards - few },
    ],
    seed,
  );
  return { size: cards, seed, prizes: ["coupon", "thanks"], ordinals: (start, count) => deck.slice(start, start + count) };
}

function treeOf(deck: DeckLeaves): Uint8Array[] {
  const growing = growTree(deck);
  for (;;) {
    const step = growing.next();
    if (step.done === true) return step.value;
  }
}

describe("the tree over a deck", () => {
  it.each([1, 2, 255, 256, 257, 511, 1_000, 4_097])("proves every card that is asked for, of a deck of %i", (cards) => {
    const deck = deckOf(cards);
    const upper = treeOf(deck);
    const root = upper.at(-1);
    for (const index of new Set([0, 1, 254, 255, 256, 257, Math.floor(cards / 2), cards - 1].filter((one) => one < cards))) {
      const { salt, path } = proveCard(deck, upper, index);
      const prize = deck.prizes[deck.ordinals(index, 1)[0] ?? 0] ?? "";
      const other = prize === "coupon" ? "thanks" : "coupon";
      expect(rootFrom(cardLeaf(salt, index, utf8ToBytes(prize)), index, cards, path)).toEqual(root);
      expect(rootFrom(cardLeaf(salt, index, utf8ToBytes(other)), index, cards, path)).not.toEqual(root);
    }
  });

  it("gives every card a salt of its own", () => {
    const deck = deckOf(600);
    const upper = treeOf(deck);
    const salts = Array.from({ length: 600 }, (_, index) => bytesToHex(proveCard(deck, upper, index).salt));
    expect(new Set(salts).size).toBe(600);
    expect(salts.every((salt) => salt.length === 32)).toBe(true);
  });
});
