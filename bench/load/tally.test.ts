import { expect, test } from "vitest";
import { Tally } from "./tally.ts";

const PHASES = [
  { name: "rise", untilMs: 1_000 },
  { name: "hold", untilMs: 3_000 },
];

test("latency counts from when a request was due, and is told by step, by phase of the arrival, and by second", () => {
  const tally = new Tally(PHASES);
  for (const [step, arrivedMs, dueMs, nowMs] of [
    ["draw", 500, 500, 510],
    ["draw", 900, 900, 1_000],
    ["redeem", 900, 1_500, 1_540],
    ["draw", 2_000, 2_000, 2_020],
  ] as const) {
    tally.due(dueMs, 1);
    tally.answered(step, { arrivedMs, dueMs, nowMs });
  }
  const figures = tally.figures(3, 3_000, 600);
  expect(figures.requests).toBe(4);
  expect(figures.steps["draw"]).toMatchObject({ count: 3, p50Ms: expect.closeTo(20, 1), p999Ms: expect.closeTo(100, 0) });
  expect(figures.steps["redeem"]).toMatchObject({ count: 1, maxMs: expect.closeTo(40, 1) });
  expect(figures.overall).toMatchObject({ count: 4, maxMs: expect.closeTo(100, 0) });
  expect(figures.phases["rise"]?.count).toBe(3);
  expect(figures.phases["hold"]?.count).toBe(1);
  expect(figures.timeline.map(({ due, answered }) => [due, answered])).toEqual([
    [2, 2],
    [1, 1],
    [1, 1],
  ]);
});

test("the load has lasted as long as visits came, or until the last answer without the thinking before it", () => {
  const tally = new Tally(PHASES);
  tally.answered("draw", { arrivedMs: 0, dueMs: 0, nowMs: 3_500 });
  expect(tally.figures(1, 3_000, 600).seconds).toBe(3);
  tally.answered("draw", { arrivedMs: 0, dueMs: 0, nowMs: 4_600 });
  expect(tally.figures(1, 3_000, 600).seconds).toBe(4);
});

test("what is shed, what fails and what is issued twice is counted", () => {
  const tally = new Tally(PHASES);
  tally.due(100, 0);
  tally.shed(100, 12, true);
  tally.shed(100, 20, false);
  tally.failed("draw", "timeout");
  tally.failed("draw", "timeout");
  tally.issued(["a", "b"]);
  tally.issued(["b"]);
  tally.completed();
  const figures = tally.figures(2, 3_000, 0);
  expect(figures.shed).toMatchObject({ calls: 1, partly: 1, answeredIn: { count: 1, maxMs: expect.closeTo(12, 1) } });
  expect(figures.errors).toEqual({ "draw: timeout": 2 });
  expect([figures.doubled, figures.completed, figures.requests]).toEqual([1, 1, 0]);
  expect(tally.cards).toEqual(["a", "b"]);
  expect(figures.timeline).toEqual([{ second: 0, due: 1, answered: 0, shed: 2, p99Ms: 0 }]);
});
