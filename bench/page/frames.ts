import { median } from "../issue/summarize.ts";

/** At 60 frames a second, and at half of that; the clock of the frames is a little uneven. */
const LATE_MS = 1_000 / 60 + 0.5;
const VERY_LATE_MS = 1_000 / 30 + 0.5;

export type Part = "script" | "style" | "paint";
/** What the main thread does in a frame, as the trace names it; what is nested in one of these is part of it. */
const PART_OF: Readonly<Record<string, Part>> = {
  EventDispatch: "script",
  FireAnimationFrame: "script",
  FunctionCall: "script",
  TimerFire: "script",
  RunMicrotasks: "script",
  MinorGC: "script",
  MajorGC: "script",
  UpdateLayoutTree: "style",
  Layout: "style",
  PrePaint: "paint",
  Paint: "paint",
  Layerize: "paint",
  Commit: "paint",
};
const FRAME = "BeginMainThreadFrame";

/** Of Chromium's trace format; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ts: number;
  readonly dur?: number;
  /** Of `dur`, while the thread had a processor; the slowing down counts as that. */
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
}

/** The main thread's work in one frame, in milliseconds of its own: a machine that does much else makes it no longer. */
export type Work = Readonly<Record<Part, number>>;

/** The work of each whole frame on the thread that was given the most events to dispatch: that of the page which is touched. */
export function workOf(events: readonly TraceEvent[]): readonly Work[] {
  const threads = Map.groupBy(events, ({ pid, tid }) => `${pid}:${tid}`);
  const dispatched = (of: readonly TraceEvent[]) => of.filter(({ name }) => name === "EventDispatch").length;
  const [main = []] = [...threads.values()].sort((a, b) => dispatched(b) - dispatched(a));
  const frames: Record<Part, number>[] = [];
  let endsAt = 0;
  for (const { name, ts, dur = 0, tdur = dur } of main.toSorted((a, b) => a.ts - b.ts)) {
    if (name === FRAME) frames.push({ script: 0, style: 0, paint: 0 });
    const [frame, part] = [frames.at(-1), PART_OF[name]];
    if (frame === undefined || part === undefined || ts < endsAt) continue;
    endsAt = ts + dur;
    frame[part] += tdur / 1_000;
  }
  return frames.slice(0, -1);
}

export interface Spread {
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** What scratching cost: how far apart the page's frames were, what share of them came late, and the main thread's work in one. */
export interface FrameFigures {
  readonly frames: number;
  readonly apart: Spread;
  readonly late: number;
  readonly veryLate: number;
  readonly work: Readonly<Record<Part, Spread>>;
}

/** `apartMs`: the times between frames. */
export function figuresOf(apartMs: readonly number[], work: readonly Work[]): FrameFigures {
  const share = (limitMs: number) => apartMs.filter((ms) => ms > limitMs).length / apartMs.length;
  const of = (part: Part) => spreadOf(work.map((frame) => frame[part]));
  return {
    frames: apartMs.length,
    apart: spreadOf(apartMs),
    late: share(LATE_MS),
    veryLate: share(VERY_LATE_MS),
    work: { script: of("script"), style: of("style"), paint: of("paint") },
  };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { medianMs: median(sorted), p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN };
}
