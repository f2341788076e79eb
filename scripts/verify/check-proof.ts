import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { cardLeaf } from "../../durable-objects/prize-pool/deck-tree.ts";
import { rootFrom } from "../../durable-objects/prize-pool/merkle.ts";
import type { Fairness, Proof } from "./fairness.ts";

/** What a proof is held against: a document that was saved before the draw, or a root that was noted down. */
export type Published = { readonly fairness: Fairness } | { readonly root: string };

/** Null when the card stood where its proof says under a published root; otherwise why it is not shown to. Asks nobody. */
export function checkProof({ campaign, prize, place, inclusion }: Proof, published: Published): string | null {
  if (place === undefined) return "the card was dealt after the stock was gone: there is nothing to prove";
  if (inclusion === undefined) return `${place.segment} is too large for a tree: it has its commitment alone, which opens after the close`;
  const { deck, index, size, salt, path } = inclusion;
  if (place.position !== deck * size + index) return `position ${place.position} is not the card ${index} of deck ${deck}`;
  const root = rootFrom(cardLeaf(hexToBytes(salt), index, utf8ToBytes(prize)), index, size, path.map(hexToBytes));
  if (root === null) return `the path has not the length of card ${index}'s in a deck of ${size}`;
  const expected =
    "root" in published ? published.root : publishedRoot(published.fairness, { campaign, segment: place.segment, deck, size });
  if (expected instanceof Error) return expected.message;
  return bytesToHex(root) === expected ? null : `the card's path leads to ${bytesToHex(root)}, and the published root is ${expected}`;
}

function publishedRoot(
  fairness: Fairness,
  {
    campaign,
    segment: name,
    deck,
    size,
  }: { readonly campaign: string; readonly segment: string; readonly deck: number; readonly size: number },
): string | Error {
  if (fairness.campaign !== campaign) return new Error(`the published document is of ${fairness.campaign}, the card of ${campaign}`);
  const segment = fairness.segments.find((one) => one.segment === name);
  if (segment === undefined) return new Error(`the published document has no segment ${name}`);
  if (segment.size !== size) return new Error(`a deck of ${name} has ${segment.size} cards, and the proof says ${size}`);
  return segment.roots.find((one) => one.deck === deck)?.root ?? new Error(`the published document has no root of deck ${deck} of ${name}`);
}
