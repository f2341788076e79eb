import { useState } from "preact/hooks";
import { afresh } from "../afresh.ts";

/** Something that is loaded when it is first asked for; null until then. A network that fails may be asked again. */
export function useLoaded<T extends object>(load: () => Promise<T>): readonly [loaded: T | null, ask: () => Promise<T | null>] {
  const [loaded, setLoaded] = useState<T | null>(null);
  const ask = async () => {
    const found = loaded ?? (await afresh(load).catch(() => null));
    setLoaded(found);
    return found;
  };
  return [loaded, ask];
}
