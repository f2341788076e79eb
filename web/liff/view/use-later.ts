import { useEffect, useState } from "preact/hooks";
import { insist } from "../afresh.ts";
import type * as later from "./later.ts";

export type Later = typeof later;

/** The views that come later, once they are wanted; null until they are here. A network that fails is asked again. */
export function useLater(wanted: boolean): Later | null {
  const [loaded, setLoaded] = useState<Later | null>(null);
  useEffect(() => {
    if (wanted) void insist(() => import("./later.ts")).then(setLoaded);
  }, [wanted]);
  return loaded;
}
