import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Measured, Shot } from "./shot.ts";

export interface Generator {
  fire(shot: Shot): Promise<Measured>;
  close(): void;
}

/** Starts the load generator as a process of its own. */
export function startGenerator(): Generator {
  const child = fork(join(import.meta.dirname, "generate.ts"), { serialization: "advanced" });
  process.once("exit", () => child.kill());
  return {
    async fire(shot) {
      const ended = new AbortController();
      const die = () => ended.abort(new Error("the load generator ended"));
      child.once("exit", die);
      child.send(shot);
      const [measured] = (await once(child, "message", { signal: ended.signal })) as [Measured];
      child.off("exit", die);
      return measured;
    },
    close: () => void child.kill(),
  };
}
