import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admit, admits, CLOSED, judge } from "./breaker.ts";
import type { Breaker, Reported } from "./breaker.ts";
import { PERMIT_LIFE_MS } from "./in-flight.ts";

const failed = (calls = 1): Reported => ({ succeeded: 0, failed: calls, retryAfterMs: null });
const succeeded = (calls = 1): Reported => ({ succeeded: calls, failed: 0, retryAfterMs: null });
const asked = (retryAfterMs: number): Reported => ({ succeeded: 0, failed: 1, retryAfterMs });

/** A breaker after `reports`, one every millisecond from `fromMs` on. */
function after(breaker: Breaker, reports: readonly Reported[], fromMs = 0): Breaker {
  return reports.reduce((now, report, i) => judge(now, report, fromMs + i), breaker);
}

describe("closed", () => {
  test("lets everything through", () => {
    expect(admits(CLOSED, 0).calls).toBe(Number.POSITIVE_INFINITY);
    expect(admit(CLOSED, 6, 0)).toBe(CLOSED);
  });

  test("opens after three failures in a row, whether they come one by one or together", () => {
    expect(after(CLOSED, [failed(), failed()]).state).toBe("closed");
    expect(after(CLOSED, [failed(), failed(), failed()])).toEqual({ state: "open", untilMs: 5_002, rests: 1 });
    expect(after(CLOSED, [failed(3)]).state).toBe("open");
  });

  test("a success between failures breaks the row", () => {
    expect(after(CLOSED, [failed(2), succeeded(), failed(2), succeeded(), failed(2)]).state).toBe("closed");
  });

  test("opens when half of the calls of ten seconds fail, even with successes between", () => {
    const mixed = Array.from({ length: 10 }, () => [succeeded(), failed()]).flat();
    expect(after(CLOSED, mixed.slice(0, -1)).state).toBe("closed");
    expect(after(CLOSED, mixed).state).toBe("open");
  });

  test("failures of an earlier window do not count", () => {
    const earlier = after(CLOSED, Array.from({ length: 9 }, () => [failed(), succeeded()]).flat());
    expect(judge(earlier, { succeeded: 9, failed: 2, retryAfterMs: null }, 10_000).state).toBe("closed");
  });
});

describe("open", () => {
  const open = after(CLOSED, [failed(3)]);

  test("lets nothing through until its rest is over, and says how long", () => {
    expect(admits(open, 1_000)).toEqual({ calls: 0, waitMs: 4_000 });
    expect(admits(open, 4_999).calls).toBe(0);
    expect(admits(open, 5_000).calls).toBe(1);
  });

  test("calls that were under way when it opened change nothing", () => {
    expect(judge(open, failed(60), 100)).toBe(open);
    expect(judge(open, succeeded(60), 100)).toBe(open);
  });
});

describe("half-open", () => {
  const halfOpen = admit(after(CLOSED, [failed(3)]), 1, 5_000);

  test("one call probes, the others wait for what comes of it", () => {
    expect(admits(halfOpen, 5_001).calls).toBe(0);
    expect(admits(halfOpen, 5_001).waitMs).toBeGreaterThan(0);
  });

  test("a probe that succeeds closes it, one that fails opens it for longer", () => {
    expect(judge(halfOpen, succeeded(), 5_010)).toEqual(CLOSED);
    expect(judge(halfOpen, failed(), 5_010)).toEqual({ state: "open", untilMs: 35_010, rests: 2 });
  });

  test("a probe that nobody reports on is taken for lost", () => {
    expect(admits(halfOpen, 5_000 + PERMIT_LIFE_MS - 1).calls).toBe(0);
    expect(admits(halfOpen, 5_000 + PERMIT_LIFE_MS).calls).toBe(1);
    expect(admits(admit(halfOpen, 1, 5_000 + PERMIT_LIFE_MS), 5_001 + PERMIT_LIFE_MS).calls).toBe(0);
  });
});

describe("the provider's own wish", () => {
  test("is obeyed from every state, and is never shorter than the rest that was due", () => {
    const open = after(CLOSED, [failed(3)]);
    const halfOpen = admit(open, 1, 5_000);
    expect(admits(judge(CLOSED, asked(60_000), 0), 59_999).calls).toBe(0);
    expect(admits(judge(open, asked(60_000), 0), 59_999).calls).toBe(0);
    expect(admits(judge(halfOpen, asked(60_000), 5_000), 64_999).calls).toBe(0);
    expect(admits(judge(halfOpen, asked(0), 5_000), 34_999).calls).toBe(0);
  });

  test("is obeyed for an hour at most, then one call asks again", () => {
    expect(admits(judge(CLOSED, asked(10 * 3_600_000), 0), 3_599_999).calls).toBe(0);
    expect(admits(judge(CLOSED, asked(10 * 3_600_000), 0), 3_600_000).calls).toBe(1);
  });
});

test("of a provider that is down for a minute, at most five calls learn it when they come one at a time", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 500, maxLength: 2_000 }), (gapsMs) => {
      let nowMs = 0;
      let calls = 0;
      let breaker: Breaker = CLOSED;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        if (nowMs >= 60_000) break;
        if (admits(breaker, nowMs).calls === 0) continue;
        calls += 1;
        breaker = judge(admit(breaker, 1, nowMs), failed(), nowMs);
      }
      expect(calls).toBeLessThanOrEqual(5);
    }),
  );
});

test("whatever is reported, an open breaker lets a call through again within an hour", () => {
  const report = fc.record({ succeeded: fc.nat(20), failed: fc.nat(20), retryAfterMs: fc.option(fc.nat(100_000_000)) });
  fc.assert(
    fc.property(fc.array(fc.tuple(report, fc.nat(60_000)), { maxLength: 100 }), (reports) => {
      let nowMs = 0;
      let breaker: Breaker = CLOSED;
      for (const [reported, gapMs] of reports) {
        nowMs += gapMs;
        breaker = judge(admit(breaker, Math.min(1, admits(breaker, nowMs).calls), nowMs), reported, nowMs);
      }
      expect(admits(breaker, nowMs + 3_600_000).calls).toBeGreaterThan(0);
    }),
  );
});
