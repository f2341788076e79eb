import type { TrailPoint } from "../../durable-objects/protocol.ts";

/** The server takes no more points of one card. */
export const MAX_TRAIL_POINTS = 32;

/**
 * Adds a point to the scratch trail. A full trail is thinned to every other point, its first and last kept, so that it always spans
 * the whole scratch within `MAX_TRAIL_POINTS`.
 */
export function addPoint(trail: readonly TrailPoint[], point: TrailPoint): readonly TrailPoint[] {
  if (trail.length < MAX_TRAIL_POINTS) return [...trail, point];
  return [...trail.filter((_, i) => i % 2 === 0 && i < trail.length - 1), ...trail.slice(-1), point];
}
