import type { Segment } from "./fairness.ts";
import type { PositionCount } from "./positions.ts";

/** Of a segment that repeats: one has as many as it has decks. */
const SHOWN_ROOTS = 3;

/** A segment whose seed is still secret, in a line: what to note down of it. */
export function showSealed({ segment, commitment, roots }: Segment): string {
  const latest = roots.slice(-SHOWN_ROOTS).map(({ deck, root }) => `, root of deck ${deck} ${root}`);
  const others = roots.length - latest.length;
  return `${segment}: commitment ${commitment}${latest.join("")}${others === 0 ? "" : `, and ${others} earlier roots`}`;
}

export function showPositions(segment: string, { positions, inLedger, highest, missing }: PositionCount): string {
  const holes = highest === null ? "" : `; below the highest, ${highest}, ${missing} are in no card`;
  return `${segment}: ${inLedger} of ${positions} positions are in the ledger${holes}`;
}
