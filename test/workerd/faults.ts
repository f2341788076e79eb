import { retryableError } from "./around.ts";
import type { Around } from "./around.ts";

export const FAULTS = ["slow", "failing now and then", "down", "doubled", "reordered", "cut off in the middle"] as const;
export type Fault = (typeof FAULTS)[number];

const SLOW_MS = 15;
/** D1's calls that only read: they are not held back, so that what was read is old when the write lands. */
const READS: ReadonlySet<string> = new Set(["all", "first", "raw"]);

export interface Caller {
  /** Does its calls to what is in trouble. */
  readonly around: Around;
  /** Does its other calls: none after it was cut off. */
  readonly besides: Around;
}

/** What something is to those who call it, until the trouble ends. */
export class Trouble {
  readonly #fault: Fault;
  #calls = 0;
  #life = 1;
  #over = false;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  /** Calls that were made meanwhile. */
  get calls(): number {
    return this.#calls;
  }

  /** Callers that are cut off from now on live a call longer. */
  prolong(): void {
    this.#life += 1;
  }

  end(): void {
    this.#over = true;
  }

  /** Somebody who calls; `after`: what calls that are reordered land after. One who is cut off dies with a call that is done. */
  caller(after: Promise<unknown> = Promise.resolve()): Caller {
    const life = this.#life;
    let calls = 0;
    const cut = () => !this.#over && this.#fault === "cut off in the middle" && calls >= life;
    const around: Around = async (call, work) => {
      if (this.#over) return work();
      this.#calls += 1;
      switch (this.#fault) {
        case "slow":
          await scheduler.wait(SLOW_MS);
          return work();
        case "failing now and then":
          if (this.#calls % 2 === 1) throw away();
          return work();
        case "down":
          throw away();
        case "doubled": {
          const done = await work();
          await work();
          return done;
        }
        case "reordered":
          if (!READS.has(call)) await after;
          return work();
        case "cut off in the middle": {
          if (cut()) throw away();
          const done = await work();
          calls += 1;
          if (cut()) throw away();
          return done;
        }
      }
    };
    const besides: Around = async (_, work) => {
      if (cut()) throw away();
      return work();
    };
    return { around, besides };
  }
}

function away(): Error {
  return retryableError("it is away");
}
