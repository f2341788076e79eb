import type { CampaignRules, PoolStock } from "../protocol.ts";
import { countOrdinals } from "./ordinals.ts";
import { isOver } from "./segment.ts";
import type { PoolStorage } from "./storage.ts";

/** What was loaded of each prize, and what of it is here: not yet leased, or given back. A repeating segment has loaded the decks made so far. */
export function countStock(rules: CampaignRules, storage: PoolStorage, nowMs: number): PoolStock {
  const segments = storage.segments();
  const prizes = new Map<string, { prize: string; loaded: number; unleased: number; withheld: number }>();
  const returned = Map.groupBy(storage.returned(), ({ segment }) => segment);
  for (const segment of segments) {
    const { manifest, dealt, decks } = segment;
    const runs = returned.get(segment.segment) ?? [];
    const back = runs.map(({ start, cards }) => countOrdinals(storage.ordinals(segment, start, cards), manifest.length));
    const isWithheld = isOver(segment, nowMs);
    for (const [ordinal, { prize, quantity }] of manifest.entries()) {
      const sum = prizes.get(prize) ?? { prize, loaded: 0, unleased: 0, withheld: 0 };
      const here = quantity * decks - (dealt[ordinal] ?? 0) + back.reduce((cards, counts) => cards + (counts[ordinal] ?? 0), 0);
      sum.loaded += quantity * decks;
      sum.unleased += here;
      if (isWithheld) sum.withheld += here;
      prizes.set(prize, sum);
    }
  }
  return {
    rules,
    prizes: [...prizes.values()],
    taken: [...storage.lastGivebacks()].map(([shard, giveback]) => ({ shard, giveback })),
    segments: segments.map(({ name, etag, size, next, commitment }) => ({ segment: name, etag, size, leased: next, commitment })),
  };
}
