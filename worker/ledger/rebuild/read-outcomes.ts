import { z } from "zod";
import { linesHash } from "../lake.ts";
import type { LakeLines } from "../lake.ts";
import { parseJson } from "../../rewards/parse-json.ts";

/** A line of the lake: `RewardOutcome`. */
const outcomeSchema = z.object({
  type: z.enum(["granted", "failed", "redriven"]),
  at: z.int(),
  card: z.string(),
  version: z.int().positive(),
  redrives: z.int().min(0),
  attempts: z.int().min(0),
  lastError: z.string().nullable(),
  receipt: z.unknown(),
});

export type Outcome = z.output<typeof outcomeSchema>;

/**
 * The outcomes in an object of the lake; null where it is not as it was written: its name has the hash of its lines. None of it is believed then, for a
 * line that was changed may be as false as one that cannot be read.
 */
export function readOutcomes({ key, lines }: LakeLines): readonly Outcome[] | null {
  if (!key.endsWith(`-${linesHash(lines)}.ndjson`)) return null;
  const parsed = lines.split("\n").flatMap((line) => (line === "" ? [] : [outcomeSchema.safeParse(parseJson(line))]));
  const outcomes = parsed.flatMap(({ data }) => data ?? []);
  return outcomes.length === parsed.length ? outcomes : null;
}

/** By card, the outcome of the highest version, in whatever order and however often they come. */
export function latestOfEach(outcomes: readonly Outcome[]): Map<string, Outcome> {
  const latest = new Map<string, Outcome>();
  for (const outcome of outcomes) if (outcome.version > (latest.get(outcome.card)?.version ?? 0)) latest.set(outcome.card, outcome);
  return latest;
}
