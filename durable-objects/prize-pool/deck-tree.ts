import { chacha20 } from "@noble/ciphers/chacha.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { HASH_BYTES, hashLeaf, levelsOf, siblingsOf } from "./merkle.ts";
import { derivedSeed } from "./seeds.ts";

/**
 * The tree over one deck under whose root a single card can be proven while the rest stays hidden: a leaf holds a card's index in the deck, its
 * prize, and a salt that nobody can guess. Cards are taken in groups: what is kept of a tree is its levels from the groups' roots up, and a
 * proof makes its own group's part again.
 */

/** Larger segments have their commitment alone: a tree of so many cards takes some seconds to make. */
export const MAX_PROVEN_CARDS = 1_000_000;
/** A power of two. Making one group's part of the tree takes about half a millisecond; the rest of a million cards' tree is 250 KB. */
export const GROUP_CARDS = 256;
const SALT_BYTES = 16;
const CHACHA_BLOCK_BYTES = 64;

/** One card's place under a root. */
export interface Inclusion {
  readonly salt: Uint8Array;
  /** Sibling hashes, from the leaf's up. */
  readonly path: readonly Uint8Array[];
}

/** The leaf of a card: SHA-256 over a zero byte, the salt, and `<index in the deck>`, a line feed, `<prize>`. */
export function cardLeaf(salt: Uint8Array, index: number, prize: string): Uint8Array {
  return hashLeaf(concatBytes(salt, utf8ToBytes(`${index}\n${prize}`)));
}

/** What a deck's leaves are made of. */
export interface DeckLeaves {
  readonly size: number;
  /** Of this deck, as `deckSeed` gives it. */
  readonly seed: Uint8Array;
  /** Prizes by ordinal. */
  readonly prizes: readonly string[];
  /** Ordinals of a run of the deck. */
  readonly ordinals: (start: number, cards: number) => Uint16Array;
}

/** Makes the tree group by group, yielding after each so that its maker may let others go first; returns the levels from the groups' roots up. */
export function* growTree(deck: DeckLeaves): Generator<void, Uint8Array[]> {
  const groups = Math.ceil(deck.size / GROUP_CARDS);
  const roots = new Uint8Array(groups * HASH_BYTES);
  const saltKey = saltKeyOf(deck);
  for (let group = 0; group < groups; group++) {
    roots.set(levelsOf(groupLeaves(deck, group, saltKey)).at(-1) ?? new Uint8Array(), group * HASH_BYTES);
    yield;
  }
  return levelsOf(roots);
}

/** The proof of the card at `index`; `upper` are the levels that `growTree` returned. */
export function proveCard(deck: DeckLeaves, upper: readonly Uint8Array[], index: number): Inclusion {
  const group = Math.floor(index / GROUP_CARDS);
  const saltKey = saltKeyOf(deck);
  const lower = levelsOf(groupLeaves(deck, group, saltKey));
  const inGroup = index % GROUP_CARDS;
  return {
    salt: salts(saltKey, group, GROUP_CARDS).slice(inGroup * SALT_BYTES, (inGroup + 1) * SALT_BYTES),
    path: [...siblingsOf(lower, inGroup), ...siblingsOf(upper, group)],
  };
}

function groupLeaves({ size, prizes, ordinals }: DeckLeaves, group: number, saltKey: Uint8Array): Uint8Array {
  const start = group * GROUP_CARDS;
  const cards = Math.min(GROUP_CARDS, size - start);
  const salt = salts(saltKey, group, cards);
  const run = ordinals(start, cards);
  const leaves = new Uint8Array(cards * HASH_BYTES);
  for (const [i, ordinal] of run.entries()) {
    const leaf = cardLeaf(salt.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES), start + i, prizes[ordinal] ?? "");
    leaves.set(leaf, i * HASH_BYTES);
  }
  return leaves;
}

function saltKeyOf({ seed }: Pick<DeckLeaves, "seed">): Uint8Array {
  return derivedSeed(seed, "salts", 0);
}

/** The salts of a group's first cards: 16 bytes a card of ChaCha20's keystream, nonce zero, from the deck's first card on. */
function salts(key: Uint8Array, group: number, cards: number): Uint8Array {
  const firstBlock = (group * GROUP_CARDS * SALT_BYTES) / CHACHA_BLOCK_BYTES;
  return chacha20(key, new Uint8Array(12), new Uint8Array(cards * SALT_BYTES), undefined, firstBlock);
}
