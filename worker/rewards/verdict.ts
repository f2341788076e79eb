import { backoffMs } from "./backoff.ts";
import type { GrantOutcome, Reward } from "./provider.ts";

/** Calls for one reward before it is left to an operator: with the delays between them, six to twelve hours, within LINE's memory of a retry key. A closed gate costs none. */
export const MAX_ATTEMPTS = 28;
/** A provider's wish is obeyed for this long at most, then it is asked again. */
const MAX_AFTER_MS = 3_600_000;

/** What becomes of a reward: a change to its row in the ledger. */
export interface Verdict {
  readonly card: string;
  readonly campaign: string;
  readonly status: "pending" | "granted" | "failed";
  readonly attempts: number;
  /** When a pending one is due; null otherwise. */
  readonly nextAttemptAt: number | null;
  readonly grantedAt: number | null;
  readonly failedAt: number | null;
  /** Null: what was said before stands. */
  readonly lastError: string | null;
  /** JSON. */
  readonly receipt: string | null;
}

const UNDECIDED = { nextAttemptAt: null, grantedAt: null, failedAt: null, lastError: null, receipt: null };

type Asked = Pick<Reward, "card" | "campaign" | "attempts">;

/** After an attempt: granted, due again later, or failed. `jitter` is from 0 up to 1. */
export function judgeAttempt({ card, campaign, attempts: before }: Asked, outcome: GrantOutcome, nowMs: number, jitter: number): Verdict {
  const attempts = before + 1;
  const open = { card, campaign, attempts, ...UNDECIDED };
  switch (outcome.outcome) {
    case "granted": {
      const receipt = outcome.receipt === undefined ? null : JSON.stringify(outcome.receipt);
      return { ...open, status: "granted", grantedAt: nowMs, receipt };
    }
    case "refused":
      return { ...open, status: "failed", failedAt: nowMs, lastError: outcome.reason };
    case "retry": {
      if (attempts >= MAX_ATTEMPTS) return { ...open, status: "failed", failedAt: nowMs, lastError: outcome.reason };
      const delayMs = backoffMs(attempts, jitter, Math.min(outcome.afterMs ?? 0, MAX_AFTER_MS));
      return { ...open, status: "pending", nextAttemptAt: nowMs + delayMs, lastError: outcome.reason };
    }
  }
}

/** Granted by ourselves: no call was made. */
export function judgeLocal({ card, campaign, attempts }: Asked, nowMs: number): Verdict {
  return { ...UNDECIDED, card, campaign, status: "granted", attempts, grantedAt: nowMs };
}

/** Granted at a time that its provider's list tells, by a call whose outcome was lost. */
export function judgeTold({ card, campaign, attempts }: Asked, grantedAtMs: number): Verdict {
  return { ...UNDECIDED, card, campaign, status: "granted", attempts, grantedAt: grantedAtMs };
}

/** Its turn did not come: due again later, and no attempt counted. */
export function postpone({ card, campaign, attempts }: Asked, delayMs: number, nowMs: number): Verdict {
  return { ...UNDECIDED, card, campaign, status: "pending", attempts, nextAttemptAt: nowMs + delayMs };
}
