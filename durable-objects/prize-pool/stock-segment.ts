import { isDeepStrictEqual } from "node:util";
import { PLAIN_SEGMENT } from "../protocol.ts";
import type { CampaignRules } from "../protocol.ts";
import { commitDeck } from "./deck.ts";
import { drawMoments } from "./moments.ts";
import type { PoolStorage, SegmentRow } from "./storage.ts";

/** Makes a segment whose deck is sealed stock, to be dealt as the campaign's rules say; gives its commitment. */
export function stockSegment(
  storage: PoolStorage,
  { segment, name, manifest, seed, size }: SegmentRow,
  rules: CampaignRules,
  { opensAtMs, closesAtMs }: Pick<SegmentRow, "opensAtMs" | "closesAtMs">,
): string {
  const options = rules.pools[name] ?? PLAIN_SEGMENT;
  const moments = options.moments === null ? null : drawMoments(seed, size, options.moments);
  const commitment = commitDeck({ campaign: rules.campaign, segment: name, manifest, seed, options });
  storage.readySegment(segment, { commitment, options, moments, opensAtMs, closesAtMs });
  return commitment;
}

/** Takes over new rules of how a segment is dealt of which nothing was: the deck stays, and what follows from the rules is made anew. */
export function stockAnew(storage: PoolStorage, segment: SegmentRow, rules: CampaignRules): void {
  const isSame = isDeepStrictEqual(rules.pools[segment.name] ?? PLAIN_SEGMENT, segment.options);
  if (!isSame) stockSegment(storage, segment, rules, segment);
}
