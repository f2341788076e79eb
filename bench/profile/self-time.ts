import { SourceMap } from "node:module";
import { relative } from "node:path";

/** https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface CpuNode {
  readonly id: number;
  /** What it called. */
  readonly children?: readonly number[];
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** Both from 0. */
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

/** Where a share of the time went. */
export interface SelfTime {
  readonly where: string;
  /** Of the time in which the thread was at work. */
  readonly share: number;
}

export interface Profiled {
  readonly name: string;
  readonly drawsPerSecond: number;
  /** The largest first. */
  readonly shares: readonly SelfTime[];
}

export interface ProfileResult {
  readonly profiled: readonly Profiled[];
}

type SourceOf = (line: number, column: number) => string;

const IDLE = "(idle)";
/** What V8 names without a place: its own work, and C++ beneath no JavaScript. */
const NAMELESS: Readonly<Record<string, string>> = {
  [IDLE]: IDLE,
  "(program)": "workerd itself: HTTP, RPC, promises, SQLite's commits",
  "(garbage collector)": "garbage collection",
};
const PACKAGE = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*$/;

/** The time that a thread was at work, by the source file that each sample was in; a function of the runtime's stands behind the file that called it. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, sourceOf: SourceOf): SelfTime[] {
  const places = placesOf(nodes, sourceOf);
  const micros = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const place = places.get(sample) ?? IDLE;
    if (place !== IDLE) micros.set(place, (micros.get(place) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const all = [...micros.values()].reduce((sum, one) => sum + one, 0);
  return [...micros].map(([where, time]) => ({ where, share: time / all })).toSorted((a, b) => b.share - a.share);
}

function placesOf(nodes: readonly CpuNode[], sourceOf: SourceOf): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = new Map<number, string>();
  const name = (node: CpuNode, caller: string): void => {
    const { functionName, url, lineNumber, columnNumber } = node.callFrame;
    const file = url === "" ? caller : url.includes(":") ? url : sourceOf(lineNumber, columnNumber).replace(PACKAGE, "$1");
    const inRuntime = functionName === "" ? "a callback" : functionName;
    places.set(node.id, url === "" ? (NAMELESS[functionName] ?? `${caller} → ${inRuntime}`) : file);
    for (const child of node.children ?? []) {
      const called = byId.get(child);
      if (called !== undefined) name(called, file);
    }
  };
  const [root] = nodes;
  if (root !== undefined) name(root, "the runtime");
  return places;
}

/** From a place in the bundle to the source file, from the root of the repository. */
export function sourcesOf(map: string, bundle: string, root: string): SourceOf {
  const sourceMap = new SourceMap(JSON.parse(map));
  return (line, column) => {
    const entry = sourceMap.findEntry(line, column);
    if (!("originalSource" in entry)) return "the bundler's own";
    const path = new URL(entry.originalSource, `file://${bundle}/`).pathname;
    return relative(root, path);
  };
}
