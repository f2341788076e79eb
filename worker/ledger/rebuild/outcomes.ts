import { MADE_AGAIN_UNTIL_MS } from "../held-rewards.ts";
import { linesAfter } from "../lake.ts";
import type { Part } from "../ledgers.ts";
import { latestOfEach, readOutcomes } from "./read-outcomes.ts";
import type { Outcome } from "./read-outcomes.ts";
import type { StepPlan } from "./step.ts";
import type { RebuildCursor } from "./under-way.ts";

/** Outcomes handed to one statement, some hundred kilobytes; an object of the lake may hold ten thousand and more. */
const OUTCOMES_A_STATEMENT = 1_000;

/** Applies the outcomes in the lake's next object. The highest version of a card is how its reward stands, in whatever order they are read. */
export async function nextOutcomes(
  env: Env,
  { ledger }: Part,
  campaign: string,
  { after }: Extract<RebuildCursor, { phase: "outcomes" }>,
): Promise<StepPlan> {
  const object = await linesAfter(env, `rewards/${campaign}/`, after);
  if (object === null) return { next: { phase: "count", after: "" }, statements: [] };
  const outcomes = readOutcomes(object);
  if (outcomes === null) {
    console.error(JSON.stringify({ message: "outcomes of rewards in the lake are not as they were written", object: object.key }));
    const next: RebuildCursor = { phase: "outcomes", after: object.key };
    // Each ledger's rebuild reads all of them, and one tells of them.
    return ledger.nth === 0
      ? { next, statements: [], damaged: 1, faults: [`${object.key} is not as it was written`] }
      : { next, statements: [] };
  }
  const latest = [...latestOfEach(outcomes).values()];
  const statements: D1PreparedStatement[] = [];
  for (let first = 0; first < latest.length; first += OUTCOMES_A_STATEMENT) {
    statements.push(applyOutcomes(ledger, campaign, latest.slice(first, first + OUTCOMES_A_STATEMENT)));
  }
  return { next: { phase: "outcomes", after: object.key }, statements };
}

/** A row's own version: two for each redrive, and one more once it is granted or failed. */
function applyOutcomes({ LEDGER }: Pick<Env, "LEDGER">, campaign: string, outcomes: readonly Outcome[]): D1PreparedStatement {
  const rows = outcomes.map(({ card, version, type, at, redrives, attempts, lastError, receipt }) => {
    const status = type === "redriven" ? "pending" : type;
    const told = receipt === null || receipt === undefined ? null : JSON.stringify(receipt);
    return [card, version, status, at, redrives, attempts, lastError, told];
  });
  return LEDGER.prepare(
    `UPDATE rewards SET
       status = told.status, redrives = told.redrives, attempts = told.attempts, last_error = told.last_error, receipt = told.receipt,
       granted_at = CASE told.status WHEN 'granted' THEN told.at END,
       failed_at = CASE told.status WHEN 'failed' THEN told.at END,
       next_attempt_at = CASE told.status WHEN 'pending' THEN ?3 END
     FROM (
       SELECT value->>0 AS card, value->>1 AS version, value->>2 AS status, value->>3 AS at, value->>4 AS redrives,
              value->>5 AS attempts, value->>6 AS last_error, value->>7 AS receipt
       FROM json_each(?1)
     ) AS told
     WHERE rewards.campaign = ?2 AND rewards.card = told.card AND told.version > rewards.redrives * 2 + (+rewards.status <> 'pending')`,
  ).bind(JSON.stringify(rows), campaign, MADE_AGAIN_UNTIL_MS);
}
