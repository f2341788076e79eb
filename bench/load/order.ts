import type { Script, Visit } from "./script.ts";
import type { LoadFigures } from "./tally.ts";

/** Who comes, and what they do. */
export interface Crowd {
  readonly scripts: readonly Script[];
  /** In the order of their arrival. */
  readonly visits: readonly Visit[];
}

/** What the load generator is told to do, and what it tells; both cross a process boundary. */
export interface LoadOrder extends Crowd {
  readonly port: number;
  /** Names of times, one after the other, each told apart by when its visits came. */
  readonly phases: readonly { readonly name: string; readonly untilMs: number }[];
  readonly connections: number;
}

export interface LoadReport extends LoadFigures {
  /** Of the generator: CPU time by the clock's while visits came. */
  readonly busy: number;
  /** Cards that were answered `issued`. */
  readonly cards: readonly string[];
}
