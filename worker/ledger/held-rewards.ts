/**
 * While a ledger is rebuilt, the pending rewards that were made again are due at the end of time: nobody is asked for one of which it is not known yet what
 * became of it.
 */
export const MADE_AGAIN_UNTIL_MS = Date.UTC(9999, 11, 31);

/** A pending reward that may have been granted, as far as can be known, is due then: it is asked for when an operator has said so, and not before. */
export const HELD_UNTIL_MS = Date.UTC(9999, 0, 1);

/** Why a reward is held, for operators, in the place of its last error. */
export const WHY_HELD = {
  /** By how the ledger had it before it was rebuilt; null: not at all. */
  rebuilt: (before: "granted" | "failed" | null) =>
    before === null
      ? "held: the ledger did not have it before it was rebuilt, and the lake does not tell whether it was granted"
      : `held: ${before} before the ledger was rebuilt, and the lake does not tell of it`,
  mended: "held: the ledger had lost its block, and it is not known whether it was granted",
} as const;

/** When a pending reward is due as settlement makes it, and why not at once. */
export interface Due {
  readonly atMs: number;
  readonly why: string | null;
}

export const MADE_AGAIN: Due = { atMs: MADE_AGAIN_UNTIL_MS, why: null };
export const HELD_AS_MENDED: Due = { atMs: HELD_UNTIL_MS, why: WHY_HELD.mended };

/** How many rewards of a campaign are held. With `+` no index serves the campaign: they are few, and found by when they are due. */
export async function countHeld({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): Promise<number> {
  return (await LEDGER.prepare(COUNT_HELD).bind(campaign, HELD_UNTIL_MS).first<number>("held")) ?? 0;
}

/** The same, for a statement that has the campaign as `?1` and `HELD_UNTIL_MS` as `?2`. */
const COUNT_HELD = "SELECT count(*) AS held FROM rewards WHERE status = 'pending' AND next_attempt_at = ?2 AND +campaign = ?1";
