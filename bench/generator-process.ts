import { fork } from "node:child_process";
import { once } from "node:events";

/** A load generator, apart from everything else that this process does. */
export interface GeneratorProcess<Order extends object, Report> {
  fire(order: Order): Promise<Report>;
  close(): void;
}

/** Starts `file`, which calls `serveOrders`, as a process of its own; it ends with this one. */
export function startGeneratorProcess<Order extends object, Report>(file: string): GeneratorProcess<Order, Report> {
  const child = fork(file, { serialization: "advanced" });
  process.once("exit", () => child.kill());
  return {
    async fire(order) {
      const ended = new AbortController();
      const die = () => ended.abort(new Error("the load generator ended"));
      child.once("exit", die);
      child.send(order);
      const [report] = (await once(child, "message", { signal: ended.signal })) as [Report];
      child.off("exit", die);
      return report;
    },
    close: () => void child.kill(),
  };
}

/** In the generator's process: does what it is told, and tells what it measured. A fault ends the process. */
export function serveOrders(fire: (order: never) => Promise<unknown>): void {
  process.on("message", (order) => {
    void fire(order as never).then((report) => process.send?.(report));
  });
}
