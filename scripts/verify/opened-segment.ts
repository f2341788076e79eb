import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { commitDeck, shuffleDeck } from "../../durable-objects/prize-pool/deck.ts";
import { growTree, MAX_PROVEN_CARDS } from "../../durable-objects/prize-pool/deck-tree.ts";
import { drawMoments } from "../../durable-objects/prize-pool/moments.ts";
import { deckSeed } from "../../durable-objects/prize-pool/seeds.ts";
import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { SegmentOptions } from "../../durable-objects/protocol.ts";
import type { Segment } from "./fairness.ts";

/** Decks of a repeating segment that are kept shuffled: cards come in about the order of their decks. */
const KEPT_DECKS = 4;

/** A segment whose seed is public: what it promised can be made again. */
export class OpenedSegment {
  readonly name: string;
  readonly #segment: Segment;
  readonly #manifest: NonNullable<Segment["manifest"]>;
  readonly #seed: Uint8Array;
  readonly #decks = new Map<number, Uint16Array>();
  #moments: Float64Array | null = null;

  private constructor(segment: Segment, manifest: NonNullable<Segment["manifest"]>, seed: string) {
    this.name = segment.segment;
    this.#segment = segment;
    this.#manifest = manifest;
    this.#seed = hexToBytes(seed);
  }

  /** Null while the seed is secret. */
  static open(segment: Segment): OpenedSegment | null {
    const { seed, manifest } = segment;
    return seed === undefined || manifest === undefined ? null : new OpenedSegment(segment, manifest, seed);
  }

  /** What the segment published that its seed does not lead to; empty when all of it does. */
  *faults(campaign: string): Generator<string> {
    const { size, commitment, roots } = this.#segment;
    const loaded = this.#manifest.reduce((sum, { quantity }) => sum + quantity, 0);
    if (loaded !== size) yield `${this.name}: its manifest has ${loaded} cards, and it says ${size}`;
    const committed = commitDeck({ campaign, segment: this.name, manifest: this.#manifest, seed: this.#seed, options: this.#options() });
    if (committed !== commitment)
      yield `${this.name}: the seed and manifest make the commitment ${committed}, and ${commitment} was published`;
    if (size <= MAX_PROVEN_CARDS && roots.length === 0) yield `${this.name}: it has no root, and is small enough for one`;
    for (const { deck, root } of roots) {
      const made = this.#root(deck);
      if (made !== root) yield `${this.name}: the root of its deck ${deck} is ${made}, and ${root} was published`;
    }
  }

  /** Cards of all decks dealt. */
  get cards(): number {
    return this.#segment.size * this.#segment.decks;
  }

  /** The prize at a position below `cards`. */
  prizeAt(position: number): string {
    const { size } = this.#segment;
    return this.#manifest[this.#deck(Math.floor(position / size))[position % size] ?? 0]?.prize ?? "";
  }

  /** Before which the card at a position could not be issued, milliseconds since the epoch; null: at any time. */
  releasedAt(position: number): number | null {
    const { moments } = this.#options();
    if (moments === null) return null;
    this.#moments ??= drawMoments(this.#seed, this.#segment.size, moments);
    return this.#moments[position] ?? null;
  }

  #deck(deck: number): Uint16Array {
    const made = this.#decks.get(deck) ?? shuffleDeck(this.#manifest, deckSeed(this.#seed, deck));
    this.#decks.delete(deck);
    this.#decks.set(deck, made);
    const [oldest] = this.#decks.keys();
    if (this.#decks.size > KEPT_DECKS && oldest !== undefined) this.#decks.delete(oldest);
    return made;
  }

  #root(deck: number): string {
    const cards = this.#deck(deck);
    const growing = growTree({
      size: cards.length,
      seed: deckSeed(this.#seed, deck),
      prizes: this.#manifest.map(({ prize }) => prize),
      ordinals: (start, count) => cards.subarray(start, start + count),
    });
    for (;;) {
      const step = growing.next();
      if (step.done === true) return bytesToHex(step.value.at(-1) ?? new Uint8Array());
    }
  }

  #options(): SegmentOptions {
    const { repeat = null, moments } = this.#segment;
    const window = moments === undefined ? null : { fromMs: Date.parse(moments.from), toMs: Date.parse(moments.to) };
    return { ...PLAIN_SEGMENT, repeat, moments: window };
  }
}
