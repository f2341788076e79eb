import { expect, test } from "vitest";
import { figuresOf, workOf, type TraceEvent } from "./frames.ts";

const on = (tid: number, name: string, ts: number, dur = 0): TraceEvent => ({ name, ts, dur, pid: 1, tid });

test("a frame's work is that of the touched page's main thread until the next frame, each moment counted once", () => {
  const events = [
    on(1, "Paint", 0, 9_000),
    on(1, "BeginMainThreadFrame", 10_000),
    on(1, "EventDispatch", 11_000, 3_000),
    on(1, "FunctionCall", 11_500, 2_000),
    on(1, "FireAnimationFrame", 15_000, 1_000),
    { ...on(1, "Layout", 16_000, 1_000), tdur: 500 },
    on(1, "Paint", 17_000, 250),
    on(2, "FireAnimationFrame", 12_000, 8_000),
    on(1, "BeginMainThreadFrame", 26_000),
    on(1, "EventDispatch", 27_000, 1_000),
    on(1, "BeginMainThreadFrame", 43_000),
    on(1, "Paint", 44_000, 7_000),
  ];
  expect(workOf(events.toReversed())).toEqual([
    { script: 4, style: 0.5, paint: 0.25 },
    { script: 1, style: 0, paint: 0 },
  ]);
});

test("a frame is late after 16.7 ms, and very late after 33", () => {
  const { frames, apart, late, veryLate } = figuresOf([16.6, 16.7, 16.7, 33.3, 50], [{ script: 1, style: 1, paint: 1 }]);
  expect({ frames, late, veryLate, median: apart.medianMs }).toEqual({ frames: 5, late: 0.4, veryLate: 0.2, median: 16.7 });
});
