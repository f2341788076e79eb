import { mentionOf } from "./compare-grants.ts";

export interface CardDifference {
  readonly card: string;
  readonly faults: readonly string[];
}

/** A difference that a round of the scheduled reconciliation found and none since has missed. */
export interface StandingDifference extends CardDifference {
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Cards of one campaign that are kept and told; where more differ, `npm run reconcile` names them all. */
const MAX_KEPT = 200;

/** Writes down cards that differ, and says loudly which are new. A card keeps the faults that the same round, begun at `startedAtMs`, has found in it before. */
export async function recordDifferences(
  env: Pick<Env, "LEDGER">,
  campaign: string,
  differences: readonly CardDifference[],
  startedAtMs: number,
  nowMs: number,
): Promise<void> {
  if (differences.length === 0) return;
  const rows = differences.slice(0, MAX_KEPT).map(({ card, faults }) => [card, JSON.stringify(faults)]);
  const { results } = await env.LEDGER.prepare(
    `INSERT INTO card_differences (campaign, card, faults, first_at, last_at)
     SELECT ?2, value->>0, value->>1, ?3, ?3 FROM json_each(?1)
     WHERE (SELECT count(*) FROM card_differences WHERE campaign = ?2) < ?4
       OR EXISTS (SELECT 1 FROM card_differences WHERE campaign = ?2 AND card = value->>0)
     ON CONFLICT (campaign, card) DO UPDATE SET last_at = excluded.last_at, faults = CASE WHEN last_at < ?5 THEN excluded.faults ELSE (
       SELECT json_group_array(value) FROM (SELECT value FROM json_each(card_differences.faults) UNION SELECT value FROM json_each(excluded.faults))
     ) END RETURNING first_at = last_at AS isNew`,
  )
    .bind(JSON.stringify(rows), campaign, nowMs, MAX_KEPT, startedAtMs)
    .all<{ isNew: 0 | 1 }>();
  const found = results.filter(({ isNew }) => isNew === 1).length;
  if (found === 0) return;
  const faults = [...new Set(differences.flatMap((difference) => difference.faults))].slice(0, 10);
  console.error(
    JSON.stringify({
      message: "the ledger differs from the issuers or a reward provider",
      campaign,
      cards: differences.length,
      new: found,
      faults,
    }),
  );
}

/** Keeps a round, begun at `startedAtMs`, from forgetting what was found at a provider that it could not ask. */
export async function keepUnasked(env: Pick<Env, "LEDGER">, campaign: string, provider: string, startedAtMs: number): Promise<void> {
  await env.LEDGER.prepare(
    `UPDATE card_differences SET last_at = ?3 WHERE campaign = ?1 AND last_at < ?3
       AND EXISTS (SELECT 1 FROM json_each(faults) AS fault WHERE instr(fault.value, ?2) > 0)`,
  )
    .bind(campaign, mentionOf(provider), startedAtMs)
    .run();
}

/** Forgets differences that a round, begun at `startedAtMs`, has not found again. */
export function forgetMended(env: Pick<Env, "LEDGER">, campaign: string, startedAtMs: number): D1PreparedStatement {
  return env.LEDGER.prepare("DELETE FROM card_differences WHERE campaign = ? AND last_at < ?").bind(campaign, startedAtMs);
}

export async function standingDifferences(env: Pick<Env, "LEDGER">, campaign: string): Promise<StandingDifference[]> {
  const { results } = await env.LEDGER.prepare(
    "SELECT card, faults, first_at AS firstAt, last_at AS lastAt FROM card_differences WHERE campaign = ? ORDER BY card LIMIT ?",
  )
    .bind(campaign, MAX_KEPT)
    .all<Omit<StandingDifference, "faults"> & { readonly faults: string }>();
  return results.map(({ faults, ...row }) => ({ ...row, faults: JSON.parse(faults) as string[] }));
}
