import { openInspector } from "./inspector.ts";

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

/** The heap of the isolate behind an inspector: https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage. */
export async function openHeap(inspectorPort: number): Promise<Heap> {
  const inspector = await openInspector(inspectorPort);
  return {
    async usedMb() {
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = await inspector.ask<Usage>("Runtime.getHeapUsage");
      return (usedSize + embedderHeapUsedSize + backingStorageSize) / BYTES_PER_MB;
    },
    async collectGarbage() {
      await inspector.ask("HeapProfiler.enable");
      await inspector.ask("HeapProfiler.collectGarbage");
    },
    close: () => inspector.close(),
  };
}
