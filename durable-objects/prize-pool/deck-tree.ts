import { chacha20 } from "@noble/ciphers/chacha.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { HASH_BYTES, hashLeaf, levelsOf, siblingsOf } from "./merkle.ts";
import { derivedSeed } from "./seeds.ts";

/**
 * The tree over one deck under whose root a single card can be proven while the rest stays hidden: a leaf holds a card's index in the deck, its
 * prize, and a salt that nobody can guess. Cards are taken in groups: what is kept of a tree is its levels from the groups' roots up, and a
 * proof makes its own group's part again.
 */

/** Larger segments have their commitment alone: a tree of so many cards takes some seconds to make. */
export const MAX_PROVEN_CARDS = 1_000_000;
/** A power of two. Making one group's part of the tree takes about a millisecond; the rest of a million cards' tree is 250 KB. */
export const GROUP_CARDS = 256;
const SALT_BYTES = 16;
const INDEX_BYTES = 4;
const CHACHA_BLOCK_BYTES = 64;

/** One card's place under a root. */
export interface Inclusion {
  readonly salt: Uint8Array;
  /** Sibling hashes, from the leaf's up. */
  readonly path: readonly Uint8Array[];
}

/** The leaf of a card: SHA-256 over a zero byte, the salt, the index in the deck as four bytes, the highest first, and the prize in UTF-8. */
export function cardLeaf(salt: Uint8Array, index: number, prize: Uint8Array): Uint8Array {
  const data = new Uint8Array(SALT_BYTES + INDEX_BYTES + prize.length);
  data.set(salt);
  new DataView(data.buffer).setUint32(SALT_BYTES, index);
  data.set(prize, SALT_BYTES + INDEX_BYTES);
  return hashLeaf(data);
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
  const keys = keysOf(deck);
  for (let group = 0; group < groups; group++) {
    roots.set(levelsOf(groupLeaves(deck, group, keys)).at(-1) ?? new Uint8Array(), group * HASH_BYTES);
    yield;
  }
  return levelsOf(roots);
}

/** The proof of the card at `index`; `upper` are the levels that `growTree` returned. */
export function proveCard(deck: DeckLeaves, upper: readonly Uint8Array[], index: number): Inclusion {
  const group = Math.floor(index / GROUP_CARDS);
  const keys = keysOf(deck);
  const lower = levelsOf(groupLeaves(deck, group, keys));
  const inGroup = index % GROUP_CARDS;
  return {
    salt: salts(keys.salt, group, GROUP_CARDS).slice(inGroup * SALT_BYTES, (inGroup + 1) * SALT_BYTES),
    path: [...siblingsOf(lower, inGroup), ...siblingsOf(upper, group)],
  };
}

function groupLeaves({ size, ordinals }: DeckLeaves, group: number, keys: DeckKeys): Uint8Array {
  const start = group * GROUP_CARDS;
  const cards = Math.min(GROUP_CARDS, size - start);
  const salt = salts(keys.salt, group, cards);
  const run = ordinals(start, cards);
  const leaves = new Uint8Array(cards * HASH_BYTES);
  for (const [i, ordinal] of run.entries()) {
    const leaf = cardLeaf(salt.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES), start + i, keys.prizes[ordinal] ?? new Uint8Array());
    leaves.set(leaf, i * HASH_BYTES);
  }
  return leaves;
}

/** What every group of a deck takes. */
interface DeckKeys {
  readonly salt: Uint8Array;
  readonly prizes: readonly Uint8Array[];
}

function keysOf({ seed, prizes }: DeckLeaves): DeckKeys {
  return { salt: derivedSeed(seed, "salts", 0), prizes: prizes.map((prize) => utf8ToBytes(prize)) };
}

/** The salts of a group's first cards: 16 bytes a card of ChaCha20's keystream, nonce zero, from the deck's first card on. */
function salts(key: Uint8Array, group: number, cards: number): Uint8Array {
  const firstBlock = (group * GROUP_CARDS * SALT_BYTES) / CHACHA_BLOCK_BYTES;
  return chacha20(key, new Uint8Array(12), new Uint8Array(cards * SALT_BYTES), undefined, firstBlock);
}
