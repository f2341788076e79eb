import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Failure } from "./api.ts";
import { isPassing, waitAfter } from "./retry.ts";

const busy = (retryAfterMs: number | null): Failure => ({ kind: "problem", status: 503, code: "overloaded", retryAfterMs });
const dice = fc.double({ min: 0, max: 0.999_999, noNaN: true });

describe("a wait", () => {
  test("is never shorter than the server wished, and at most half as long again (or a second)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 40 }), dice, (seconds, attempt, thrown) => {
        const waitMs = waitAfter(busy(seconds * 1_000), attempt, 0, thrown).untilMs;
        expect(waitMs).toBeGreaterThanOrEqual(seconds * 1_000);
        expect(waitMs).toBeLessThanOrEqual(seconds * 1_000 + Math.max(1_000, seconds * 500));
      }),
    );
  });

  test("without a wish grows with the attempts, to 20 seconds at most", () => {
    const waits = [1, 2, 3, 4, 5, 6, 20].map((attempt) => waitAfter(busy(null), attempt, 0, 0.999_999).untilMs);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  });

  test("is spread, so that those who were refused together do not come back together", () => {
    expect(waitAfter(busy(null), 3, 0, 0).untilMs).toBe(2_000);
    expect(waitAfter(busy(4_000), 1, 0, 0).untilMs).not.toBe(waitAfter(busy(4_000), 1, 0, 0.5).untilMs);
  });

  test("is soon, and spread, where the moment that the server named has passed", () => {
    expect([0, 0.999_999].map((thrown) => waitAfter(busy(0), 1, 0, thrown).untilMs)).toEqual([500, 1_000]);
  });

  test("is no longer than a quarter of an hour, whatever the server wishes", () => {
    expect(waitAfter(busy(Number.MAX_SAFE_INTEGER), 1, 0, 0.999_999).untilMs).toBeLessThanOrEqual(15 * 60_000);
  });

  test("says why: load, no network, or our own fault", () => {
    expect(waitAfter(busy(null), 1, 0, 0).reason).toBe("busy");
    expect(waitAfter({ kind: "network", offline: true }, 1, 0, 0).reason).toBe("offline");
    expect(waitAfter({ kind: "network", offline: false }, 1, 0, 0).reason).toBe("trouble");
    expect(waitAfter({ kind: "problem", status: 500, code: "internal", retryAfterMs: null }, 1, 0, 0).reason).toBe("trouble");
  });
});

test("load, faults of ours and the network pass, and so does whatever is not a word of ours; our refusals do not", () => {
  const problem = (status: number, code: "invalid_request" | "unknown" = "invalid_request"): Failure => ({
    kind: "problem",
    status,
    code,
    retryAfterMs: null,
  });
  expect([408, 425, 429, 500, 502, 503].every((status) => isPassing(problem(status)))).toBe(true);
  expect([400, 401, 403, 404, 409, 413].some((status) => isPassing(problem(status)))).toBe(false);
  expect([400, 401, 403, 404, 410].every((status) => isPassing(problem(status, "unknown")))).toBe(true);
  expect(isPassing({ kind: "network", offline: false })).toBe(true);
});

test("a refusal that names no problem is somebody's on the way, and passes", () => {
  for (const status of [401, 403, 404, 408, 410, 425]) {
    expect(isPassing({ kind: "problem", status, code: "unknown", retryAfterMs: null })).toBe(true);
  }
});
