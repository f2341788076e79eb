import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CLOSED } from "./breaker.ts";
import { acquirePermits, reportCalls, showGate, wakeGate } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { arrive, depart, NOTHING_IN_FLIGHT, PERMIT_LIFE_MS, room } from "./in-flight.ts";
import type { InFlight } from "./in-flight.ts";

interface Play {
  readonly permitsPerSecond: number;
  /** How long the provider takes to answer, or to fail. */
  readonly latencyMs: number;
  readonly consumers: number;
  readonly untilMs: number;
  readonly downFromMs: number;
  readonly downUntilMs: number;
  /** Part of the calls that fail while the provider is up. */
  readonly failing?: number;
}

/** How the agent behaves: it asks for as many permits as it has free lanes, and when it got none waits, or for a call of its own to come back. */
const LANES = 6;
const MIN_WAIT_MS = 10;

/** Consumers that never run out of rewards, against a provider that is down for a while; every moment of the play is a due event. */
function play({ permitsPerSecond, latencyMs, consumers, untilMs, downFromMs, downUntilMs, failing = 0 }: Play) {
  const dice = seeded(1);
  let gate: Gate = wakeGate(CLOSED, 0);
  const calls: { atMs: number; down: boolean; fails: boolean }[] = [];
  const due: { atMs: number; come: (nowMs: number) => void }[] = [];
  const at = (atMs: number, come: (nowMs: number) => void) => void due.push({ atMs, come });

  const call = (nowMs: number, back: (nowMs: number) => void) => {
    const down = nowMs >= downFromMs && nowMs < downUntilMs;
    const fails = down || dice() < failing;
    calls.push({ atMs: nowMs, down, fails });
    at(nowMs + latencyMs, (backMs) => {
      gate = reportCalls(gate, { succeeded: fails ? 0 : 1, failed: fails ? 1 : 0, retryAfterMs: null }, backMs);
      back(backMs);
    });
  };
  for (let consumer = 0; consumer < consumers; consumer += 1) {
    let free = LANES;
    let wakesAtMs = 0;
    const ask = (nowMs: number): void => {
      while (free > 0) {
        const { gate: after, reply } = acquirePermits(gate, { want: free, limits: { permitsPerSecond } }, nowMs);
        gate = after;
        if (reply.permits === 0) {
          const atMs = nowMs + Math.max(MIN_WAIT_MS, reply.retryAfterMs);
          if (atMs < wakesAtMs || wakesAtMs <= nowMs) {
            wakesAtMs = atMs;
            at(atMs, ask);
          }
          return;
        }
        free -= reply.permits;
        for (let permit = 0; permit < reply.permits; permit += 1) {
          call(nowMs, (backMs) => {
            free += 1;
            ask(backMs);
          });
        }
      }
    };
    at(consumer, ask);
  }
  for (;;) {
    due.sort((a, b) => a.atMs - b.atMs);
    const next = due.shift();
    if (next === undefined || next.atMs > untilMs) return { gate, calls };
    next.come(next.atMs);
  }
}

/** Throws of dice that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NEVER_DOWN = { downFromMs: Number.POSITIVE_INFINITY, downUntilMs: Number.POSITIVE_INFINITY };

test("no provider sees more calls in a second than it was promised, however many consumers there are", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 10 }),
      (permitsPerSecond, latencyMs, consumers) => {
        const { calls } = play({ permitsPerSecond, latencyMs, consumers, untilMs: 5_000, ...NEVER_DOWN });
        let first = 0;
        for (const [i, { atMs }] of calls.entries()) {
          while ((calls[first]?.atMs ?? 0) <= atMs - 1_000) first += 1;
          expect(i - first + 1).toBeLessThanOrEqual(permitsPerSecond);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test.each([
  { permitsPerSecond: 200, latencyMs: 5, consumers: 1 },
  { permitsPerSecond: 200, latencyMs: 5, consumers: 10 },
  { permitsPerSecond: 200, latencyMs: 100, consumers: 10 },
  { permitsPerSecond: 50, latencyMs: 500, consumers: 10 },
])("the calls under way grow to what the rate needs: $permitsPerSecond/s at $latencyMs ms with $consumers consumers", (load) => {
  const { calls } = play({ ...load, untilMs: 60_000, ...NEVER_DOWN });
  const lastHalf = calls.filter(({ atMs }) => atMs >= 30_000).length;
  expect(lastHalf / 30).toBeGreaterThan(load.permitsPerSecond * 0.85);
});

test.each([1, 3, 10])(
  "a provider that goes down amid full load for a minute is called at most five times, by %i consumers",
  (consumers) => {
    const { calls } = play({ permitsPerSecond: 200, latencyMs: 4, consumers, untilMs: 120_000, downFromMs: 10_000, downUntilMs: 70_000 });
    expect(calls.filter(({ down }) => down).length).toBeLessThanOrEqual(5);
    expect(calls.filter(({ atMs }) => atMs >= 70_000 && atMs < 100_000).length).toBeGreaterThan(1_000);
  },
);

test.each([0.2, 0.5, 0.7])("a provider that fails %f of the calls is asked on, more slowly than it bears, and grants", (failing) => {
  const { calls } = play({ permitsPerSecond: 200, latencyMs: 5, consumers: 3, untilMs: 300_000, ...NEVER_DOWN, failing });
  const granted = calls.filter(({ fails }) => !fails).length;
  expect(granted).toBeGreaterThan(300 * 10 * (1 - failing));
  expect(calls.length).toBeLessThan(300 * 200 * (1 - failing) * 1.2);
});

test("an operator sees what stands before a provider", () => {
  const limits = { permitsPerSecond: 100 };
  const asleep = wakeGate(CLOSED, 0);
  expect(showGate(asleep, 0)).toMatchObject({ breaker: "closed", permitsPerSecond: null, pacePerSecond: null, inFlight: 0, recent: [] });
  const { gate } = acquirePermits(asleep, { want: 2, limits }, 1_000);
  expect(showGate(gate, 1_000)).toMatchObject({ permitsPerSecond: 100, pacePerSecond: 100, tokens: 3, inFlight: 2 });
  const down = { succeeded: 0, failed: 3, retryAfterMs: null };
  expect(showGate(reportCalls(gate, down, 1_010), 1_010)).toMatchObject({
    breaker: "open",
    untilMs: 3_010,
    failuresInARow: 3,
    inFlight: 0,
    recent: [{ atMs: 1_010, ...down }],
  });
  const many = Array.from({ length: 50 }).reduce<Gate>((now) => reportCalls(now, down, 2_000), gate);
  expect(showGate(many, 2_000).recent).toHaveLength(20);
});

test("a provider that hangs holds back no more calls than are under way already", () => {
  const { calls } = play({ permitsPerSecond: 200, latencyMs: 10_000, consumers: 10, untilMs: 30_000, downFromMs: 0, downUntilMs: 60_000 });
  expect(calls.length).toBeLessThanOrEqual(5);
});

test("a stall of a fast provider does not let more calls out at once", () => {
  const slow = (inFlight: InFlight, ms: number, nowMs: number) =>
    arrive(depart(inFlight, 1, nowMs), { succeeded: 1, failed: 0 }, nowMs + ms);
  let inFlight = NOTHING_IN_FLIGHT;
  for (let call = 0; call < 200; call += 1) inFlight = slow(inFlight, 4, call * 10);
  expect(room(inFlight, 200, 2_000)).toBe(2);
  for (let call = 0; call < 6; call += 1) inFlight = slow(inFlight, 2_000, 2_000);
  expect(room(inFlight, 200, 4_000)).toBeLessThanOrEqual(3);
});

test("reports that are doubled, lost or come in any order let no second see more calls than were promised", () => {
  const act = fc.record({
    afterMs: fc.integer({ min: 0, max: 60 }),
    want: fc.integer({ min: 1, max: 6 }),
    reports: fc.array(fc.record({ succeeded: fc.nat(6), failed: fc.nat(2) }), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(act, { maxLength: 300 }), (permitsPerSecond, acts) => {
      let gate = wakeGate(CLOSED, 0);
      let nowMs = 0;
      const given: number[] = [];
      for (const { afterMs, want, reports } of acts) {
        nowMs += afterMs;
        const acquired = acquirePermits(gate, { want, limits: { permitsPerSecond } }, nowMs);
        gate = reports.reduce((now, report) => reportCalls(now, { ...report, retryAfterMs: null }, nowMs), acquired.gate);
        given.push(...Array.from({ length: acquired.reply.permits }, () => nowMs));
      }
      let first = 0;
      for (const [i, atMs] of given.entries()) {
        while ((given[first] ?? 0) <= atMs - 1_000) first += 1;
        expect(i - first + 1).toBeLessThanOrEqual(permitsPerSecond);
      }
    }),
  );
});

test("permits that nobody reports on come free again", () => {
  const { gate, reply } = acquirePermits(
    { ...wakeGate(CLOSED, 0), bucket: { tokens: 10, atMs: 0 } },
    { want: 6, limits: { permitsPerSecond: 200 } },
    0,
  );
  expect(reply.permits).toBe(2);
  expect(room(gate.inFlight, 200, PERMIT_LIFE_MS - 1)).toBe(0);
  expect(acquirePermits(gate, { want: 6, limits: { permitsPerSecond: 200 } }, PERMIT_LIFE_MS).reply.permits).toBe(2);
});

test("a reply that gives fewer than wanted says when to come again, one that gives all does not", () => {
  fc.assert(
    fc.property(fc.nat(20), fc.integer({ min: 1, max: 500 }), fc.nat(2_000), (want, permitsPerSecond, nowMs) => {
      const { reply } = acquirePermits(wakeGate(CLOSED, 0), { want, limits: { permitsPerSecond } }, nowMs);
      expect(reply.retryAfterMs > 0).toBe(reply.permits < want);
    }),
  );
});
