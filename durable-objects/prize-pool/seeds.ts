import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const SEED_BYTES = 32;

/** A further seed from a segment's committed one: SHA-256 over `kuji <purpose> <n>`, a line feed, and the seed. */
export function derivedSeed(seed: Uint8Array, purpose: string, n: number): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(`kuji ${purpose} ${n}\n`), seed));
}

/** The seed of a segment's `deck`-th deck, from 0: the first is shuffled with the committed seed itself. */
export function deckSeed(seed: Uint8Array, deck: number): Uint8Array {
  return deck === 0 ? seed : derivedSeed(seed, "deck", deck);
}
