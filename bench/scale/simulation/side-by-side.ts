import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { mapAtOnce } from "../../../scripts/at-once.ts";
import type { Play } from "./play.ts";
import type { Simulated } from "./simulate.ts";

/** Simulates each in a process of its own, as many at a time as there are cores; the results in the order asked. */
export async function simulateAll(plays: readonly Play[], onDone: (done: number) => void): Promise<Simulated[]> {
  let done = 0;
  return await mapAtOnce(plays, availableParallelism(), async (play) => {
    const child = fork(join(import.meta.dirname, "play.ts"), { serialization: "advanced" });
    const end = () => void child.kill();
    process.once("exit", end);
    try {
      const ended = new AbortController();
      child.once("exit", () => ended.abort(new Error("a simulation ended by itself")));
      child.send(play);
      const [simulated] = (await once(child, "message", { signal: ended.signal })) as [Simulated];
      onDone((done += 1));
      return simulated;
    } finally {
      process.off("exit", end);
      child.kill();
    }
  });
}
