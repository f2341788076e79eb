import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import type { CardProof, DeckRoot } from "../protocol.ts";
import { GROUP_CARDS, growTree, MAX_PROVEN_CARDS, proveCard } from "./deck-tree.ts";
import type { DeckLeaves } from "./deck-tree.ts";
import { HASH_BYTES } from "./merkle.ts";
import { pause } from "./pause.ts";
import { deckSeed } from "./seeds.ts";
import { CHUNK_CARDS } from "./storage.ts";
import type { PoolStorage, SegmentRow } from "./storage.ts";

/** Groups of cards hashed before others are served: about ten milliseconds. */
const STEP_GROUPS = 8;
/** Odds mode deals decks without end: so many roots are told, the latest. Who wants them all reads along, or waits for the seed. */
const MAX_TOLD_ROOTS = 100;

/** The pool's trees, one a deck, kept from the groups' roots up. */
export class Trees {
  readonly #sql: SqlStorage;
  readonly #pool: PoolStorage;
  readonly #growing = new Map<number, Promise<void>>();

  constructor(storage: DurableObjectStorage, pool: PoolStorage) {
    this.#sql = storage.sql;
    this.#pool = pool;
  }

  /** The segments with a deck whose tree is not made yet. */
  lacking(): number[] {
    return this.#sql
      .exec<{ segment: number }>(
        `SELECT segment FROM segments s WHERE status = 'ready' AND size <= ?
           AND NOT EXISTS (SELECT 1 FROM deck_trees t WHERE t.segment = s.segment AND t.deck = s.decks - 1)`,
        MAX_PROVEN_CARDS,
      )
      .toArray()
      .map(({ segment }) => segment);
  }

  /** Makes the trees that a segment's decks lack, in steps between which others are served. */
  async grow(segment: number): Promise<void> {
    const growing = this.#growing.get(segment) ?? this.#growAll(segment).finally(() => this.#growing.delete(segment));
    this.#growing.set(segment, growing);
    await growing;
  }

  async #growAll(number: number): Promise<void> {
    for (let next = this.#nextDeck(number); next !== null; next = this.#nextDeck(number)) {
      const { segment, deck } = next;
      const growing = growTree(this.#leaves(segment, deck, CHUNK_CARDS));
      let step = growing.next();
      for (let groups = 1; step.done !== true; groups++) {
        if (groups % STEP_GROUPS === 0) await pause();
        step = growing.next();
      }
      if (this.#pool.findSegment(number) !== null) this.#store(number, deck, step.value);
    }
  }

  #nextDeck(number: number): { readonly segment: SegmentRow; readonly deck: number } | null {
    const segment = this.#pool.findSegment(number);
    if (segment === null || segment.size > MAX_PROVEN_CARDS) return null;
    const { made } = this.#sql
      .exec<{ made: number }>("SELECT coalesce(max(deck) + 1, 0) AS made FROM deck_trees WHERE segment = ?", number)
      .one();
    return made < segment.decks ? { segment, deck: made } : null;
  }

  #store(segment: number, deck: number, levels: readonly Uint8Array[]): void {
    const root = levels.at(-1) ?? new Uint8Array();
    this.#sql.exec(
      "INSERT INTO deck_trees (segment, deck, root, levels) VALUES (?, ?, ?, ?)",
      segment,
      deck,
      root.slice().buffer,
      concatBytes(...levels).buffer,
    );
  }

  /** The latest roots of a segment's decks, in the order of the decks. */
  roots(segment: number): DeckRoot[] {
    return this.#sql
      .exec<{ deck: number; root: ArrayBuffer }>(
        "SELECT deck, root FROM deck_trees WHERE segment = ? ORDER BY deck DESC LIMIT ?",
        segment,
        MAX_TOLD_ROOTS,
      )
      .toArray()
      .map(({ deck, root }) => ({ deck, root: bytesToHex(new Uint8Array(root)) }))
      .reverse();
  }

  /** The proof of the card at a position of the segment; null while its deck has no tree. */
  prove(segment: SegmentRow, position: number): CardProof | null {
    const { size } = segment;
    const deck = Math.floor(position / size);
    const index = position % size;
    const [row] = this.#sql
      .exec<{ levels: ArrayBuffer }>("SELECT levels FROM deck_trees WHERE segment = ? AND deck = ?", segment.segment, deck)
      .toArray();
    if (row === undefined) return null;
    const upper = splitLevels(new Uint8Array(row.levels), Math.ceil(size / GROUP_CARDS));
    const { salt, path } = proveCard(this.#leaves(segment, deck, GROUP_CARDS), upper, index);
    const root = upper.at(-1) ?? new Uint8Array();
    return { deck, index, size, salt: bytesToHex(salt), path: path.map((hash) => bytesToHex(hash)), root: bytesToHex(root) };
  }

  /** A deck's leaves, whose ordinals are read `window` at a time; a multiple of a group. */
  #leaves(segment: SegmentRow, deck: number, window: number): DeckLeaves {
    const { size, manifest, seed } = segment;
    let first = -1;
    let read: Uint16Array = new Uint16Array();
    const ordinals = (start: number, cards: number) => {
      const wanted = start - (start % window);
      if (wanted !== first) {
        read = this.#pool.ordinals(segment, deck * size + wanted, Math.min(window, size - wanted));
        first = wanted;
      }
      return read.subarray(start - first, start - first + cards);
    };
    return { size, seed: deckSeed(seed, deck), prizes: manifest.map(({ prize }) => prize), ordinals };
  }
}

/** Levels that were stored one after the other, the lowest of `nodes` nodes. */
function splitLevels(levels: Uint8Array, nodes: number): Uint8Array[] {
  const split: Uint8Array[] = [];
  for (let [start, count] = [0, nodes]; start < levels.length; count = Math.ceil(count / 2)) {
    split.push(levels.subarray(start, start + count * HASH_BYTES));
    start += count * HASH_BYTES;
  }
  return split;
}
