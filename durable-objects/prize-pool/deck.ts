import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { MAX_SEGMENT_CARDS } from "../protocol.ts";
import type { ManifestEntry, SegmentOptions } from "../protocol.ts";
import { keystreamWords } from "./keystream.ts";

/** Ordinals are 16 bits wide; a campaign's file is bounded far below. */
const MAX_SEGMENT_PRIZES = 65_536;
const DECK_VERSION = "kuji-deck-1";
const UINT32_RANGE = 2 ** 32;
/** Cards shuffled before others have their turn: some tens of milliseconds. */
const CARDS_PER_PAUSE = 250_000;

/** Rows of the same prize become one, in the order of their first appearance; that order gives the ordinals. */
export function mergeManifest(entries: readonly ManifestEntry[]): ManifestEntry[] {
  const quantities = new Map<string, number>();
  for (const { prize, quantity } of entries) quantities.set(prize, (quantities.get(prize) ?? 0) + quantity);
  return [...quantities].map(([prize, quantity]) => ({ prize, quantity }));
}

/**
 * The deck of a manifest: `ordinals[position]` indexes the manifest. Fisher–Yates (Durstenfeld) from the last position down,
 * each index drawn by rejection sampling so that no permutation is likelier than another. The same manifest and seed give the same deck.
 */
export function shuffleDeck(manifest: readonly ManifestEntry[], seed: Uint8Array): Uint16Array {
  const deck = sortedDeck(manifest);
  shuffle(deck, keystreamWords(seed), { from: deck.length - 1, to: 1 });
  return deck;
}

/** The same deck, made with a pause after every so many cards. */
export async function shuffleDeckSlowly(
  manifest: readonly ManifestEntry[],
  seed: Uint8Array,
  pause: () => Promise<void>,
): Promise<Uint16Array> {
  const deck = sortedDeck(manifest);
  const nextWord = keystreamWords(seed);
  for (let from = deck.length - 1; from > 0; from -= CARDS_PER_PAUSE) {
    shuffle(deck, nextWord, { from, to: Math.max(1, from - CARDS_PER_PAUSE + 1) });
    if (from > CARDS_PER_PAUSE) await pause();
  }
  return deck;
}

function sortedDeck(manifest: readonly ManifestEntry[]): Uint16Array {
  const size = manifest.reduce((sum, { quantity }) => sum + quantity, 0);
  if (size > MAX_SEGMENT_CARDS || manifest.length > MAX_SEGMENT_PRIZES)
    throw new RangeError("the manifest is larger than a segment may be");
  const deck = new Uint16Array(size);
  let filled = 0;
  for (const [ordinal, { quantity }] of manifest.entries()) {
    deck.fill(ordinal, filled, filled + quantity);
    filled += quantity;
  }
  return deck;
}

/** Swaps the cards at the positions `from` down to `to`, each with one at or below it. */
function shuffle(deck: Uint16Array, nextWord: () => number, { from, to }: { readonly from: number; readonly to: number }): void {
  for (let i = from; i >= to; i--) {
    const bound = i + 1;
    const limit = UINT32_RANGE - (UINT32_RANGE % bound);
    let word = nextWord();
    while (word >= limit) word = nextWord();
    const j = word % bound;
    const swapped = deck[i] as number;
    deck[i] = deck[j] as number;
    deck[j] = swapped;
  }
}

export interface CommittedDeck {
  readonly campaign: string;
  readonly segment: string;
  readonly manifest: readonly ManifestEntry[];
  readonly seed: Uint8Array;
  readonly options: SegmentOptions;
}

/**
 * The public promise made before the first card is drawn, hex: SHA-256 over the lines version, campaign, segment, size, mode
 * (`finite`, `repeat <decks>`, `repeat` or `moments <from> <to>`), SHA-256 of the manifest's JSON (`[[prize,quantity],…]`), and the seed's 32 bytes.
 */
export function commitDeck({ campaign, segment, manifest, seed, options }: CommittedDeck): string {
  const size = manifest.reduce((sum, { quantity }) => sum + quantity, 0);
  const manifestHash = bytesToHex(sha256(utf8ToBytes(JSON.stringify(manifest.map(({ prize, quantity }) => [prize, quantity])))));
  return bytesToHex(
    sha256(concatBytes(utf8ToBytes(`${DECK_VERSION}\n${campaign}\n${segment}\n${size}\n${modeOf(options)}\n${manifestHash}\n`), seed)),
  );
}

function modeOf({ repeat, moments }: SegmentOptions): string {
  if (moments !== null) return `moments ${moments.fromMs} ${moments.toMs}`;
  if (repeat !== null) return repeat.maxDecks === null ? "repeat" : `repeat ${repeat.maxDecks}`;
  return "finite";
}
