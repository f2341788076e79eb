import { z } from "zod";
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

/** The outcomes in an object of the lake, and how many of its lines are none. */
export function readOutcomes(lines: string): { readonly outcomes: Outcome[]; readonly damaged: number } {
  const outcomes: Outcome[] = [];
  let damaged = 0;
  for (const line of lines.split("\n").filter((text) => text !== "")) {
    const parsed = outcomeSchema.safeParse(parseJson(line));
    if (parsed.success) outcomes.push(parsed.data);
    else damaged += 1;
  }
  return { outcomes, damaged };
}

/** By card, the outcome of the highest version, in whatever order and however often they come. */
export function latestOfEach(outcomes: readonly Outcome[]): Map<string, Outcome> {
  const latest = new Map<string, Outcome>();
  for (const outcome of outcomes) if (outcome.version > (latest.get(outcome.card)?.version ?? 0)) latest.set(outcome.card, outcome);
  return latest;
}
