import { readFile, readdir } from "node:fs/promises";

/** The kernel counts in hundredths of a second, whatever its own clock. */
const TICK_MS = 10;

/** CPU time that the processes of a group have used; null where there is no `/proc` to ask. */
export async function groupCpuMs(group: number): Promise<number | null> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return null;
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    // The name, in brackets, may hold blanks; behind it: state, parent, group, …, user time (12th), system time (13th).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_MS;
}
