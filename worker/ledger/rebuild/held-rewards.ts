import { SWEEP_AFTER_MS } from "../../rewards/sweep.ts";

/** While a ledger is rebuilt, rewards are due at the end of time: no provider is asked for one of which the lake has yet to tell that it was granted. */
export const HELD_UNTIL_MS = Date.UTC(9999, 0, 1);

/** Makes those due that are pending after all, and as overdue as the sweep wants them, which sends them to the agent. */
export function releaseRewards({ LEDGER }: Pick<Env, "LEDGER">, campaign: string, nowMs: number): D1PreparedStatement {
  return LEDGER.prepare("UPDATE rewards SET next_attempt_at = ? WHERE campaign = ? AND status = 'pending' AND next_attempt_at = ?").bind(
    nowMs - SWEEP_AFTER_MS,
    campaign,
    HELD_UNTIL_MS,
  );
}
