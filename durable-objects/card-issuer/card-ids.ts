import { deriveCardKeys, fingerprintCardKey, mintCardId, readCardId } from "../card-id.ts";
import type { CardKey } from "../card-id.ts";
import type { ShardAddress } from "../protocol.ts";

/** Which key made the ids of which cards: each entry holds from its `firstSeq` on. */
export interface KeyUse {
  readonly firstSeq: number;
  readonly fingerprint: string;
}

/**
 * The ids of one issuer's cards. A card keeps the id that it was issued with when `CARD_KEY` is changed, as long as the key that made it is still among
 * the secrets: replays, events and the ledger name a card by one id for ever.
 */
export class CardIds {
  readonly #keys: ReadonlyMap<string, CardKey>;
  /** Fingerprint of the key that new cards get. */
  readonly #current: string;
  #uses: readonly KeyUse[];

  constructor(secrets: readonly string[], uses: readonly KeyUse[]) {
    const keys = secrets.flatMap(deriveCardKeys).map((key) => [fingerprintCardKey(key), key] as const);
    this.#keys = new Map(keys);
    this.#current = keys[0]?.[0] ?? "";
    this.#uses = uses;
  }

  /** Gives cards from `firstSeq` on the current key; returns what to store of it, or null where they have it already. */
  nextUse(firstSeq: number): KeyUse | null {
    if (this.#uses.at(-1)?.fingerprint === this.#current) return null;
    const use = { firstSeq, fingerprint: this.#current };
    this.#uses = [...this.#uses.filter((earlier) => earlier.firstSeq < firstSeq), use];
    return use;
  }

  /** The id of card `seq`. A card whose key is gone from the secrets gets one by the current key. */
  mint({ campaign, shard }: ShardAddress, seq: number): string {
    const { fingerprint } = this.#uses.findLast(({ firstSeq }) => firstSeq <= seq) ?? { fingerprint: this.#current };
    const key = this.#keys.get(fingerprint) ?? this.#keys.get(this.#current);
    if (key === undefined) throw new Error("there is no key for card ids");
    return mintCardId(key, campaign, { shard, seq });
  }

  /** Number of the card with this id; null for any other text, also for one that another of our keys would have made. */
  read(address: ShardAddress, cardId: string): number | null {
    const place = readCardId([...this.#keys.values()], address.campaign, cardId);
    return place !== null && place.shard === address.shard && this.mint(address, place.seq) === cardId ? place.seq : null;
  }
}
