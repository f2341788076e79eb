import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admit, admits, CLOSED, judge, pace } from "./breaker.ts";
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
    expect(after(CLOSED, [failed(), failed(), failed()])).toEqual({
      state: "open",
      untilMs: 2_002,
      rests: 1,
      share: 1,
      failures: [0, 1, 2],
    });
    expect(after(CLOSED, [failed(3)]).state).toBe("open");
  });

  test("a success between failures breaks the row", () => {
    expect(after(CLOSED, [failed(2), succeeded(), failed(2), succeeded(), failed(2)]).state).toBe("closed");
  });

  test("bears more failures in a row of a provider that fails now and then, sixteen at most", () => {
    const flaky = after(CLOSED, Array.from({ length: 40 }, () => [succeeded(), failed()]).flat());
    expect(flaky.state).toBe("closed");
    expect(after(flaky, [failed(), failed(), failed(), failed()]).state).toBe("closed");
    expect(after(flaky, [failed(16)]).state).toBe("open");
  });

  test("asks a provider that answers half of the calls half as fast, one that is well at its rate, and one that is ill still now and then", () => {
    expect(pace(CLOSED)).toBe(1);
    const half = after(CLOSED, Array.from({ length: 40 }, () => [succeeded(), failed()]).flat());
    expect(pace(half)).toBeGreaterThan(0.35);
    expect(pace(half)).toBeLessThan(0.65);
    expect(
      pace(
        after(
          half,
          Array.from({ length: 120 }, () => succeeded()),
        ),
      ),
    ).toBeGreaterThan(0.99);
    expect(
      pace(
        after(
          CLOSED,
          Array.from({ length: 300 }, (_, i) => (i % 11 === 0 ? succeeded() : failed())),
        ),
      ),
    ).toBeGreaterThanOrEqual(0.1);
  });
});

describe("open", () => {
  const open = after(CLOSED, [failed(3)]);

  test("lets nothing through until its rest is over, and says how long", () => {
    expect(admits(open, 500)).toEqual({ calls: 0, waitMs: 1_500 });
    expect(admits(open, 1_999).calls).toBe(0);
    expect(admits(open, 2_000).calls).toBe(1);
  });

  test("successes that were under way when it opened change nothing", () => {
    expect(judge(open, succeeded(60), 100)).toBe(open);
  });

  test("failures that were under way when it opened use up the minute's", () => {
    expect(admits(judge(open, failed(1), 100), 2_000).calls).toBe(1);
    expect(admits(judge(open, failed(2), 100), 64_999).calls).toBe(0);
    expect(admits(judge(open, failed(2), 100), 65_000).calls).toBe(1);
  });
});

describe("half-open", () => {
  const halfOpen = admit(after(CLOSED, [failed(3)]), 1, 5_000);

  test("one call probes, the others wait for what comes of it", () => {
    expect(admits(halfOpen, 5_001).calls).toBe(0);
    expect(admits(halfOpen, 5_001).waitMs).toBeGreaterThan(0);
  });

  test("a probe that succeeds closes it, one that fails opens it for longer", () => {
    expect(judge(halfOpen, succeeded(), 5_010)).toMatchObject({ state: "closed", failures: [] });
    expect(judge(halfOpen, failed(), 5_010)).toMatchObject({ state: "open", untilMs: 25_010, rests: 2 });
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
    expect(admits(judge(halfOpen, asked(0), 5_000), 24_999).calls).toBe(0);
  });

  test("is obeyed for an hour at most, then one call asks again", () => {
    expect(admits(judge(CLOSED, asked(10 * 3_600_000), 0), 3_599_999).calls).toBe(0);
    expect(admits(judge(CLOSED, asked(10 * 3_600_000), 0), 3_600_000).calls).toBe(1);
  });
});

test("of a provider that was well and is down, no minute sees more than five calls that come one at a time, however long it is down", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 500, maxLength: 2_000 }), (gapsMs) => {
      let nowMs = 0;
      const calls: number[] = [];
      let breaker: Breaker = CLOSED;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        if (admits(breaker, nowMs).calls === 0) continue;
        calls.push(nowMs);
        breaker = judge(admit(breaker, 1, nowMs), failed(), nowMs);
      }
      for (const start of calls) expect(calls.filter((atMs) => atMs >= start && atMs < start + 60_000).length).toBeLessThanOrEqual(5);
    }),
  );
});

test("of a provider that comes back, somebody knows within a minute", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600_000 }), (backAtMs) => {
      let breaker: Breaker = CLOSED;
      let nowMs = 0;
      for (; nowMs < backAtMs || breaker.state !== "closed" || breaker.failures.length > 0; nowMs += 10) {
        if (admits(breaker, nowMs).calls > 0) breaker = judge(admit(breaker, 1, nowMs), nowMs < backAtMs ? failed() : succeeded(), nowMs);
        if (nowMs === 0 && backAtMs === 0) break;
      }
      expect(nowMs - backAtMs).toBeLessThanOrEqual(60_000);
    }),
    { numRuns: 50 },
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
