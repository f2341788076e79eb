import { LOCAL_PROVIDERS } from "../../rewards/local.ts";
import { SWEEP_AFTER_MS } from "../../rewards/sweep.ts";
import { HELD_UNTIL_MS, MADE_AGAIN_UNTIL_MS, WHY_HELD } from "../held-rewards.ts";

/**
 * Notes, before some of a campaign's rewards are wiped (`wiped` selects their keys), how the ledger has them. What this very rebuild has made again, before it was
 * told to go on from elsewhere, says nothing. What Kuji hands over itself is granted with its redemption.
 */
export function noteRewards(
  { LEDGER }: Pick<Env, "LEDGER">,
  wiped: string,
  ...bound: readonly [campaign: string, limit: number]
): D1PreparedStatement {
  return LEDGER.prepare(
    `INSERT INTO rewards_before (campaign, card, status, why)
     SELECT campaign, card, CASE WHEN next_attempt_at = ?3 THEN 'held' ELSE status END, CASE WHEN next_attempt_at = ?3 THEN last_error END
     FROM rewards WHERE (campaign, card) IN (${wiped}) AND next_attempt_at IS NOT ?4 AND kind NOT IN (SELECT value FROM json_each(?5))
     ON CONFLICT (campaign, card) DO UPDATE SET status = excluded.status, why = excluded.why`,
  ).bind(...bound, HELD_UNTIL_MS, MADE_AGAIN_UNTIL_MS, JSON.stringify(Object.keys(LOCAL_PROVIDERS)));
}

/**
 * Says of the rewards after `after`, up to `last`, what comes of them now that the lake has told all it knows, and counts those that are granted or failed. One that the
 * ledger had as pending before is due, as overdue as the sweep wants it, which sends it to the agent. Any other that is pending may have been granted: it is held.
 */
export function releaseStatements(
  { LEDGER }: Pick<Env, "LEDGER">,
  campaign: string,
  { after, last }: { readonly after: string; readonly last: string },
  nowMs: number,
): D1PreparedStatement[] {
  const slice = "campaign = ?1 AND card > ?2 AND card <= ?3";
  return [
    LEDGER.prepare(
      `INSERT INTO minute_counters (campaign, minute, type, prize, count)
       SELECT ?1, coalesce(granted_at, failed_at) / 60000 * 60000, 'reward_' || status, prize, count(*) FROM rewards
       WHERE ${slice} AND +status IN ('granted', 'failed') GROUP BY 2, 3, 4
       ON CONFLICT (campaign, minute, type, prize) DO UPDATE SET count = count + excluded.count`,
    ).bind(campaign, after, last),
    LEDGER.prepare(
      `UPDATE rewards SET (next_attempt_at, last_error) = (
         SELECT CASE was.status WHEN 'pending' THEN ?5 ELSE ?6 END,
           CASE was.status WHEN 'pending' THEN rewards.last_error WHEN 'granted' THEN ?7 WHEN 'failed' THEN ?8 ELSE coalesce(was.why, ?9) END
         FROM (SELECT 1) LEFT JOIN rewards_before AS was ON was.campaign = ?1 AND was.card = rewards.card
       ) WHERE ${slice} AND +status = 'pending' AND +next_attempt_at = ?4`,
    ).bind(
      campaign,
      after,
      last,
      MADE_AGAIN_UNTIL_MS,
      nowMs - SWEEP_AFTER_MS,
      HELD_UNTIL_MS,
      WHY_HELD.rebuilt("granted"),
      WHY_HELD.rebuilt("failed"),
      WHY_HELD.rebuilt(null),
    ),
  ];
}
