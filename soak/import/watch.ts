import { setTimeout as sleep } from "node:timers/promises";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { openHeap } from "../../scripts/heap.ts";
import type { Heap } from "../../scripts/heap.ts";
import { workerdMemory } from "./memory.ts";

const EVERY_MS = 200;

/** The highest that was seen of each, over every server that ran, in MB. */
export interface Peak {
  /** Of the first server, before it had anything to do. */
  readonly idleRssMb: number;
  readonly rssMb: number;
  /** What the isolate with the Worker and its Durable Objects held, garbage included that was not collected yet. */
  readonly heapMb: number;
}

/** Watches the memory of a house's server until `stop`, which tells the peak. */
export async function watchMemory(house: ServedHouse): Promise<{ stop(): Promise<Peak> }> {
  const over = new AbortController();
  const idleRssMb = (await workerdMemory(house.server.group))?.rssMb ?? 0;
  let [rssMb, heapMb] = [0, 0];
  let heap: Heap | null = null;
  const watching = (async () => {
    while (!over.signal.aborted) {
      await sleep(EVERY_MS);
      // A server that was killed has no memory, and the next one another heap.
      try {
        rssMb = Math.max(rssMb, (await workerdMemory(house.server.group))?.peakRssMb ?? 0);
        heap ??= await openHeap(house.inspectorPort ?? 0);
        heapMb = Math.max(heapMb, await heap.usedMb());
      } catch {
        heap?.close();
        heap = null;
      }
    }
    heap?.close();
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return { idleRssMb, rssMb, heapMb };
    },
  };
}
