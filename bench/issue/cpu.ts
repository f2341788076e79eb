import { readFile, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** The kernel counts in hundredths of a second, whatever its own clock. */
const TICK_MS = 10;
/** What a shot leaves to be done (blocks to be sent) is not to weigh on the next. */
const QUIET_CPU_MS = 20;
const QUIET_EVERY_MS = 200;
const MAX_QUIET_PROBES = 50;

/** CPU time that the processes of these groups have used; null where there is no `/proc` to ask. */
export async function groupsCpuMs(groups: readonly number[]): Promise<number | null> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return null;
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    // The name, in brackets, may hold blanks; behind it: state, parent, group, …, user time (12th), system time (13th).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (groups.includes(Number(fields[2]))) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_MS;
}

/** Waits until the processes of these groups have nothing more to do. */
export async function quiet(groups: readonly number[]): Promise<void> {
  for (let probe = 0; probe < MAX_QUIET_PROBES; probe += 1) {
    const before = await groupsCpuMs(groups);
    await sleep(QUIET_EVERY_MS);
    const after = await groupsCpuMs(groups);
    if (before === null || after === null || after - before <= QUIET_CPU_MS) return;
  }
}
