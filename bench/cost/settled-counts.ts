import { setTimeout as sleep } from "node:timers/promises";
import { callJson } from "../../scripts/api-call.ts";
import { mapAtOnce } from "../../scripts/at-once.ts";
import type { AdminInvariants } from "../../scripts/admin-client.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { waitFor } from "../../scripts/wait.ts";
import type { Counts } from "./counts.ts";

const QUIET_TIMEOUT_MS = 300_000;
/** When nothing was counted for so long, everything has settled: an issuer's alarm comes within five seconds. */
const QUIET_MS = 6_000;
const MAX_TICKS_AT_ONCE = 30;

/** What a house whose Worker counts (`bench/cost/worker`) has counted. */
export async function countsOf({ appOrigin }: Pick<ServedHouse, "appOrigin">): Promise<Counts> {
  return await callJson(`${appOrigin}/cost`);
}

/** The counts, when they do not grow any more. */
export async function quietCounts(house: Pick<ServedHouse, "appOrigin">): Promise<Counts> {
  let last = "";
  return await waitFor({ what: "everything to settle", timeoutMs: QUIET_TIMEOUT_MS, everyMs: QUIET_MS }, async () => {
    const counts = await countsOf(house);
    const now = JSON.stringify(counts);
    const isQuiet = now === last;
    last = now;
    return isQuiet ? counts : null;
  });
}

/** Throws where a campaign has not settled, or its pool, issuers and ledger do not balance. */
export function assertSettled(id: string, { unsettled, differences }: Pick<AdminInvariants, "unsettled" | "differences">): void {
  if (unsettled.blocks > 0 || unsettled.events > 0) throw new Error(`${id} has not settled`);
  if (differences.length > 0) throw new Error(`${id} does not balance: ${differences.join("; ")}`);
}

/** Does `work` so many times, each at its time. */
export async function atTicks(ticks: number, perSecond: number, work: (tick: number) => Promise<void>): Promise<void> {
  const beganMs = performance.now();
  await mapAtOnce(Array.from({ length: ticks }), MAX_TICKS_AT_ONCE, async (_, tick) => {
    await sleep(Math.max(0, beganMs + (tick * 1_000) / perSecond - performance.now()));
    await work(tick);
  });
}
