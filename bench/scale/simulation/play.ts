import type { Settings } from "./settings.ts";
import { simulate } from "./simulate.ts";

/** What is to be simulated; crosses a process boundary. */
export interface Play {
  readonly settings: Settings;
  readonly drainSeconds: number;
}

/** A process of its own, that simulates what it is sent. */
process.on("message", ({ settings, drainSeconds }: Play) => {
  process.send?.(simulate(settings, drainSeconds));
});
