/** What counts, told from a card's row: when, and as what. D1 takes five terms of a compound SELECT. */
const COUNTED = [
  `SELECT issued_at AS at, CASE WHEN segment IS NULL THEN 'issued_as_fallback' ELSE 'issued' END AS type, prize FROM slice
   UNION ALL SELECT revealed_at, 'revealed', prize FROM slice
   UNION ALL SELECT redeemed_at, 'redeemed', prize FROM slice`,
  `SELECT used_at AS at, 'used' AS type, prize FROM slice
   UNION ALL SELECT ended_at, state, prize FROM slice
   UNION ALL SELECT ended_at, 'returned', prize FROM slice WHERE returned = 1`,
] as const;

/**
 * Adds the campaign's cards after `after`, up to `last`, to the minute counters: what settlement counted, told from the rows. Rewards are counted apart, for
 * verdicts may change them meanwhile.
 */
export function countCardsStatements(
  { LEDGER }: Pick<Env, "LEDGER">,
  campaign: string,
  after: string,
  last: string,
): D1PreparedStatement[] {
  return COUNTED.map((counted) =>
    LEDGER.prepare(
      `INSERT INTO minute_counters (campaign, minute, type, prize, count)
       WITH slice AS (SELECT * FROM cards WHERE campaign = ?1 AND card > ?2 AND card <= ?3)
       SELECT ?1, at / 60000 * 60000, type, prize, count(*) FROM (${counted}) WHERE at IS NOT NULL GROUP BY 2, 3, 4
       ON CONFLICT (campaign, minute, type, prize) DO UPDATE SET count = count + excluded.count`,
    ).bind(campaign, after, last),
  );
}
