import { readFile, readdir } from "node:fs/promises";

const NS_PER_MS = 1e6;

/** What a thread has had since it began, as the kernel counts it. */
export interface ThreadTimes {
  readonly cpuMs: number;
  /** It was ready and another had the core. */
  readonly waitedMs: number;
}

/** The process of a server's group that serves: workerd does all its work, but for collecting garbage beside, on its first thread. */
export async function servingProcess(group: number): Promise<number> {
  for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    // Behind the name: state, parent, group.
    if (name === "workerd" && Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === group) return Number(pid);
  }
  throw new Error("no workerd was found in /proc: this bench wants Linux");
}

/** Of the process's first thread. https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat */
export async function threadTimes(pid: number): Promise<ThreadTimes> {
  const [cpuNs = "0", waitedNs = "0"] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, "latin1")).split(" ");
  return { cpuMs: Number(cpuNs) / NS_PER_MS, waitedMs: Number(waitedNs) / NS_PER_MS };
}

/** Resident memory of the process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? "0") * 1_024;
}
