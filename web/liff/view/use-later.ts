import { useEffect, useState } from "preact/hooks";
import type * as later from "./later.ts";

const AGAIN_MS = 2_000;

export type Later = typeof later;

/** The views that come later, once they are wanted; null until they are here. A network that fails is asked again. */
export function useLater(wanted: boolean): Later | null {
  const [loaded, setLoaded] = useState<Later | null>(null);
  useEffect(() => {
    if (wanted) void load().then(setLoaded);
  }, [wanted]);
  return loaded;
}

async function load(): Promise<Later> {
  for (;;) {
    try {
      return await import("./later.ts");
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
