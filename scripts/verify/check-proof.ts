import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { cardLeaf, MAX_PROVEN_CARDS } from "../../durable-objects/prize-pool/deck-tree.ts";
import { rootFrom } from "../../durable-objects/prize-pool/merkle.ts";
import type { Fairness, Proof } from "./fairness.ts";

/** What a proof is held against: a document that was saved before the draw, or a root that was noted down. */
export type Published = { readonly fairness: Fairness } | { readonly root: string };

export type ProofVerdict =
  | { readonly status: "proven" }
  | { readonly status: "not_proven"; readonly reason: string }
  /** There is no root that could prove it; nothing speaks against it either. */
  | { readonly status: "no_root"; readonly reason: string };

/** Whether the card stood where its proof says, under a published root. Asks nobody. */
export function checkProof(proof: Proof, published: Published): ProofVerdict {
  const { campaign, prize, place, inclusion } = proof;
  const notProven = (reason: string): ProofVerdict => ({ status: "not_proven", reason });
  if (place === undefined) return checkFallback(prize, published);
  if (inclusion === undefined) return checkCommitment(proof, place.segment, published);
  const { deck, index, size, salt, path } = inclusion;
  if (place.position !== deck * size + index) return notProven(`position ${place.position} is not the card ${index} of deck ${deck}`);
  const root = rootFrom(cardLeaf(hexToBytes(salt), index, utf8ToBytes(prize)), index, size, path.map(hexToBytes));
  if (root === null) return notProven(`the path has not the length of card ${index}'s in a deck of ${size}`);
  const expected =
    "root" in published ? published.root : publishedRoot(published.fairness, { campaign, segment: place.segment, deck, size });
  if (expected instanceof Error) return notProven(expected.message);
  if (bytesToHex(root) === expected) return { status: "proven" };
  return notProven(`the card's path leads to ${bytesToHex(root)}, and the published root is ${expected}`);
}

function checkFallback(prize: string, published: Published): ProofVerdict {
  const fallback = "root" in published ? null : published.fairness.fallback;
  return fallback === null || fallback === prize
    ? { status: "no_root", reason: "it was dealt as the fallback, after the stock was gone, and came from no deck" }
    : { status: "not_proven", reason: `it came from no deck, and holds ${prize} instead of the fallback ${fallback}` };
}

/** A proof without a path: right where the segment has no tree. */
function checkCommitment({ campaign, commitment }: Proof, name: string, published: Published): ProofVerdict {
  const notProven = (reason: string): ProofVerdict => ({ status: "not_proven", reason });
  if ("root" in published) return notProven("the proof has no path to a root");
  const segment = publishedSegment(published.fairness, { campaign, segment: name });
  if (segment instanceof Error) return notProven(segment.message);
  if (segment.size <= MAX_PROVEN_CARDS) return notProven(`the proof has no path to a root, and ${name} is small enough for one`);
  if (segment.commitment !== commitment)
    return notProven(`the commitment of ${name} is ${segment.commitment}, and the proof says ${commitment}`);
  const reason = `${name} has more than ${MAX_PROVEN_CARDS} cards and no root, only its commitment, which is the published one. Once the campaign is closed, npm run verify -- --campaign ${campaign} makes the deck from its seed, and holds every card against it`;
  return { status: "no_root", reason };
}

function publishedSegment(fairness: Fairness, { campaign, segment: name }: { readonly campaign: string; readonly segment: string }) {
  if (fairness.campaign !== campaign) return new Error(`the published document is of ${fairness.campaign}, the card of ${campaign}`);
  return fairness.segments.find((one) => one.segment === name) ?? new Error(`the published document has no segment ${name}`);
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
  const segment = publishedSegment(fairness, { campaign, segment: name });
  if (segment instanceof Error) return segment;
  if (segment.size !== size) return new Error(`a deck of ${name} has ${segment.size} cards, and the proof says ${size}`);
  return segment.roots.find((one) => one.deck === deck)?.root ?? new Error(`the published document has no root of deck ${deck} of ${name}`);
}
