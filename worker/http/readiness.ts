import { errorText } from "../error-text.ts";
import { boundLedgers, inEach } from "../ledger/ledgers.ts";
import { prizePool } from "../objects.ts";
import { Problem } from "../problem.ts";
import { within } from "../within.ts";

/** A part that takes longer is not one to rely on. */
const CHECK_TIMEOUT_MS = 3_000;
/** No campaign has this name, for none begins with a hyphen. */
const NO_CAMPAIGN = "-readyz";

export type Checks = Readonly<Record<"d1" | "kv" | "r2" | "durableObject", () => Promise<unknown>>>;

/** One cheap question to each store, that changes nothing. */
export function checksOf(env: Env): Checks {
  return {
    d1: () => inEach(boundLedgers(env), async ({ LEDGER }) => LEDGER.prepare("SELECT 1 FROM campaigns LIMIT 1").all()),
    kv: () => env.CONFIG.get(NO_CAMPAIGN),
    r2: () => env.POOLS.head(NO_CAMPAIGN),
    durableObject: () => prizePool(env, NO_CAMPAIGN).rules(NO_CAMPAIGN),
  };
}

/** Runs all checks at once. `not_ready` names those that failed; why is in the log. */
export async function checkReadiness(checks: Checks, timeoutMs: number = CHECK_TIMEOUT_MS): Promise<{ ready: true }> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(async ([part, check]) => ({ part, failed: await fails(part, check, timeoutMs) })),
  );
  const failed = outcomes.filter((outcome) => outcome.failed).map(({ part }) => part);
  if (failed.length > 0) throw new Problem("not_ready", `these do not answer: ${failed.join(", ")}`, { members: { failed } });
  return { ready: true };
}

async function fails(part: string, check: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
  try {
    await within(timeoutMs, check());
    return false;
  } catch (error) {
    console.error(JSON.stringify({ message: "not ready", part, error: errorText(error) }));
    return true;
  }
}
