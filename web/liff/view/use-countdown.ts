import { useEffect, useState } from "preact/hooks";
import { secondsUntil, nextTickMs } from "../text/countdown.ts";

/** Whole seconds until a moment, counted down as they pass; 0 once it has come. */
export function useCountdown(untilMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    let timer = 0;
    const tick = () => {
      const tickedMs = Date.now();
      setNowMs(tickedMs);
      if (tickedMs < untilMs) timer = window.setTimeout(tick, nextTickMs(untilMs, tickedMs));
    };
    tick();
    return () => clearTimeout(timer);
  }, [untilMs]);
  return secondsUntil(untilMs, nowMs);
}
