import { drawMoments, releasedBy } from "../prize-pool/moments.ts";
import type { ManifestEntry } from "../protocol.ts";
import type { PlannedSegment } from "./scenario.ts";

/** An imported segment and the seed that its deck was shuffled with. */
export interface ShelvedSegment extends PlannedSegment {
  readonly seed: Uint8Array;
  /** In the order of its ordinals. */
  readonly manifest: readonly ManifestEntry[];
  readonly codes: readonly string[];
  readonly size: number;
  readonly moments: Float64Array | null;
}

export function shelve(
  plan: PlannedSegment,
  manifest: readonly ManifestEntry[],
  seed: Uint8Array,
  codes: readonly string[],
): ShelvedSegment {
  const size = plan.prizes.reduce((sum, { quantity }) => sum + quantity, 0);
  const { moments } = plan.options;
  return { ...plan, manifest, seed, codes, size, moments: moments === null ? null : drawMoments(seed, size, moments) };
}

/** Whether the segment's cards may be issued at a time. */
export function isDealt({ opensAtMs, closesAtMs, rollOver }: ShelvedSegment, nowMs: number): boolean {
  return (opensAtMs === null || opensAtMs <= nowMs) && (closesAtMs === null || nowMs < closesAtMs || rollOver);
}

/** Places of a segment's decks that cards may stand on at a time. */
export function placesOf(segment: ShelvedSegment, nowMs: number): number {
  if (!isDealt(segment, nowMs)) return 0;
  const { options, size, moments } = segment;
  if (moments !== null) return releasedBy(moments, nowMs);
  return options.repeat === null ? size : size * (options.repeat.maxDecks ?? Infinity);
}

/** Whether cards are to come that are not there yet. */
export function hasMoreToCome({ opensAtMs, moments, size }: ShelvedSegment, nowMs: number): boolean {
  return (opensAtMs !== null && nowMs < opensAtMs) || (moments !== null && releasedBy(moments, nowMs) < size);
}
