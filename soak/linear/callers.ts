import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../random.ts";

/** More calls at once, or more of them, would take the checker too long. */
const CALLERS = 5;
const CALLS_PER_CALLER = 5;
const CUT = 0.12;
const CUT_AFTER_MS = { from: 1, to: 12 } as const;
const MAX_PAUSE_MS = 3;

export interface Turn {
  /** From 0 to 1: how much of the history is over. */
  readonly progress: number;
  /** After how long this call is cut; most are not. */
  readonly cutAfterMs: number | null;
}

/** Some callers at once, who each make some calls, one after another; none while the server is known to be down, which would say nothing. */
export async function callTogether(
  ready: () => Promise<void>,
  random: Random,
  call: (turn: Turn, random: Random) => Promise<void>,
): Promise<void> {
  const caller = async (own: Random): Promise<void> => {
    for (let n = 0; n < CALLS_PER_CALLER; n += 1) {
      await sleep(own.int(0, MAX_PAUSE_MS));
      await ready();
      const cutAfterMs = own.chance(CUT) ? own.int(CUT_AFTER_MS.from, CUT_AFTER_MS.to) : null;
      await call({ progress: n / CALLS_PER_CALLER, cutAfterMs }, own);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, () => caller(random.fork())));
}
