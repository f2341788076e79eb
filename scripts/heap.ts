import { once } from "node:events";

/** The isolate of the app's Worker and its Durable Objects, among those of Miniflare's own. */
const ISOLATE = "core:user:kuji";
const TIMEOUT_MS = 5_000;
const BYTES_PER_MB = 1024 ** 2;

export interface Heap {
  /** JavaScript's objects, and the bytes of its buffers. */
  usedMb(): Promise<number>;
  /** Drops what nothing refers to any more; resolves when the isolate had something else to do meanwhile, for not before does it collect. */
  collectGarbage(): Promise<void>;
  close(): void;
}

interface Usage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

/** Attaches to workerd's inspector, which speaks the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage). */
export async function openHeap(inspectorPort: number): Promise<Heap> {
  const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/${ISOLATE}`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await Promise.race([
    once(socket, "open", { signal }),
    once(socket, "close", { signal }).then(() => Promise.reject(new Error("no inspector"))),
  ]);
  let id = 0;
  const ask = async (method: string): Promise<unknown> => {
    id += 1;
    const answer = once(socket, "message", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    socket.send(JSON.stringify({ id, method }));
    const [message] = (await answer) as [MessageEvent<string>];
    return (JSON.parse(message.data) as { result: unknown }).result;
  };
  return {
    async usedMb() {
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = (await ask("Runtime.getHeapUsage")) as Usage;
      return (usedSize + embedderHeapUsedSize + backingStorageSize) / BYTES_PER_MB;
    },
    async collectGarbage() {
      await ask("HeapProfiler.enable");
      await ask("HeapProfiler.collectGarbage");
    },
    close: () => socket.close(),
  };
}
