import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyBucket, takeTokens } from "./token-bucket.ts";

const rate = fc.oneof(fc.double({ min: 0.01, max: 30, noNaN: true }), fc.integer({ min: 1, max: 10_000 }));
/** Callers that come at random moments, many in the same millisecond, and want random amounts. */
const callers = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3_000 })),
    want: fc.integer({ min: 0, max: 12_000 }),
  }),
  { minLength: 1, maxLength: 300 },
);

function grants(permitsPerSecond: number, calls: readonly { afterMs: number; want: number }[], wakesAfter = Number.POSITIVE_INFINITY) {
  let nowMs = 1_000_000;
  let bucket = emptyBucket(nowMs);
  return calls.map(({ afterMs, want }, call) => {
    nowMs += afterMs;
    if (call === wakesAfter) bucket = emptyBucket(nowMs);
    const taking = takeTokens(bucket, want, permitsPerSecond, nowMs);
    bucket = taking.bucket;
    return { atMs: nowMs, taken: taking.taken, want, waitMs: taking.waitMs };
  });
}

/** The most permits in any window of `windowMs`, its end excluded. */
function peak(given: readonly { atMs: number; taken: number }[], windowMs: number): number {
  return Math.max(
    ...given.map(({ atMs: start }) =>
      given.reduce((sum, { atMs, taken }) => (atMs >= start && atMs < start + windowMs ? sum + taken : sum), 0),
    ),
  );
}

test("no second holds more permits than the rate, not even across an eviction", () => {
  fc.assert(
    fc.property(rate, callers, fc.nat(300), (permitsPerSecond, calls, wakesAfter) => {
      const given = grants(permitsPerSecond, calls, wakesAfter);
      const [windowMs, most] = permitsPerSecond >= 1 ? [1_000, Math.floor(permitsPerSecond)] : [1_000 / permitsPerSecond, 1];
      expect(peak(given, windowMs)).toBeLessThanOrEqual(most);
    }),
  );
});

test("permits are whole, never negative and never more than wanted", () => {
  fc.assert(
    fc.property(rate, callers, (permitsPerSecond, calls) => {
      for (const { taken, want } of grants(permitsPerSecond, calls)) {
        expect(Number.isInteger(taken)).toBe(true);
        expect(taken).toBeGreaterThanOrEqual(0);
        expect(taken).toBeLessThanOrEqual(want);
      }
    }),
  );
});

test("who waits as long as told gets a permit, if nobody else took it", () => {
  fc.assert(
    fc.property(rate, callers, (permitsPerSecond, calls) => {
      let nowMs = 0;
      let bucket = emptyBucket(nowMs);
      for (const { afterMs, want } of calls) {
        nowMs += afterMs;
        const first = takeTokens(bucket, want, permitsPerSecond, nowMs);
        nowMs += first.waitMs;
        const second = takeTokens(first.bucket, 1, permitsPerSecond, nowMs);
        expect(second.taken).toBe(1);
        bucket = second.bucket;
      }
    }),
  );
});

test("a caller that asks every ten milliseconds gets at least three quarters of the rate", () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 10_000 })), (permitsPerSecond) => {
      const given = grants(
        permitsPerSecond,
        Array.from({ length: 6_001 }, () => ({ afterMs: 10, want: 1_000 })),
      );
      const total = given.reduce((sum, { taken }) => sum + taken, 0);
      expect(total).toBeGreaterThanOrEqual(Math.floor(60 * permitsPerSecond * 0.75));
    }),
    { numRuns: 20 },
  );
});

test("a clock that goes backwards gives nothing away", () => {
  const { bucket } = takeTokens({ tokens: 1, atMs: 5_000 }, 1, 1, 5_000);
  const back = takeTokens(bucket, 1, 1, 1_000);
  expect(back.taken).toBe(0);
  expect(takeTokens(back.bucket, 1, 1, 5_500).taken).toBe(0);
});
