import { readdir, readFile } from "node:fs/promises";

const KB_PER_MB = 1_024;

export interface Memory {
  /** Resident now, and at most since the process began. */
  readonly rssMb: number;
  readonly peakRssMb: number;
}

/**
 * What workerd of a process group holds, as Linux counts it (`/proc/<pid>/status`): the whole process, which is the isolate with the Worker and all
 * Durable Objects, some twenty more in which Miniflare plays D1, R2, KV and the queues, the caches of SQLite, and workerd's own code. Null where there is no `/proc` to ask.
 */
export async function workerdMemory(group: number): Promise<Memory | null> {
  for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    // The name, in brackets, may hold blanks; behind it: state, parent, group.
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const [, , its] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (name !== "workerd" || Number(its) !== group) continue;
    const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
    const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / KB_PER_MB;
    return { rssMb: megabytes("VmRSS"), peakRssMb: megabytes("VmHWM") };
  }
  return null;
}
