import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GrantOutcome } from "./provider.ts";
import { judgeAttempt, judgeLocal, MAX_ATTEMPTS, postpone } from "./verdict.ts";

const NOW = 1_800_000_000_000;
const reward = { card: "card-1", campaign: "spring", attempts: 0 };
const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const outcome: fc.Arbitrary<GrantOutcome> = fc.oneof(
  fc.constant({ outcome: "granted" } as const),
  fc.record({ outcome: fc.constant("retry" as const), reason: fc.string(), afterMs: fc.nat(10_000_000) }),
  fc.record({ outcome: fc.constant("refused" as const), reason: fc.string() }),
);

describe("after an attempt", () => {
  test("a granted reward keeps its receipt", () => {
    expect(judgeAttempt(reward, { outcome: "granted", receipt: { granted: true, receipt: "r-1" } }, NOW, 0)).toMatchObject({
      status: "granted",
      attempts: 1,
      grantedAt: NOW,
      nextAttemptAt: null,
      receipt: '{"granted":true,"receipt":"r-1"}',
    });
  });

  test("a refused one has failed and says why", () => {
    expect(judgeAttempt(reward, { outcome: "refused", reason: "answered 422" }, NOW, 0)).toMatchObject({
      status: "failed",
      attempts: 1,
      nextAttemptAt: null,
      lastError: "answered 422",
    });
  });

  test("an unknown outcome is due again, and fails only with the last attempt", () => {
    fc.assert(
      fc.property(fc.nat(MAX_ATTEMPTS - 1), jitter, (attempts, throwOfDice) => {
        const verdict = judgeAttempt({ ...reward, attempts }, { outcome: "retry", reason: "answered 500" }, NOW, throwOfDice);
        expect(verdict.lastError).toBe("answered 500");
        expect(verdict.status).toBe(attempts + 1 < MAX_ATTEMPTS ? "pending" : "failed");
        expect(verdict.nextAttemptAt !== null && verdict.nextAttemptAt > NOW).toBe(verdict.status === "pending");
      }),
    );
  });

  test("the provider's wish is waited for, up to an hour", () => {
    expect(judgeAttempt(reward, { outcome: "retry", reason: "answered 429", afterMs: 90_000 }, NOW, 0).nextAttemptAt).toBe(NOW + 90_000);
    expect(judgeAttempt(reward, { outcome: "retry", reason: "answered 429", afterMs: 10 ** 12 }, NOW, 0).nextAttemptAt).toBe(
      NOW + 3_600_000,
    );
  });

  test("whatever providers answer, a reward ends after a bounded number of calls", () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: MAX_ATTEMPTS, maxLength: MAX_ATTEMPTS + 5 }), jitter, (outcomes, throwOfDice) => {
        let attempts = 0;
        let status = "pending";
        for (const next of outcomes) {
          if (status !== "pending") break;
          ({ attempts, status } = judgeAttempt({ ...reward, attempts }, next, NOW, throwOfDice));
        }
        expect(status).not.toBe("pending");
        expect(attempts).toBeLessThanOrEqual(MAX_ATTEMPTS);
      }),
    );
  });
});

test("a turn that did not come counts no attempt", () => {
  expect(postpone({ ...reward, attempts: 7 }, 4_000, NOW)).toMatchObject({
    status: "pending",
    attempts: 7,
    nextAttemptAt: NOW + 4_000,
    lastError: null,
  });
});

test("what Kuji hands over itself is granted without an attempt", () => {
  expect(judgeLocal(reward, NOW)).toMatchObject({ status: "granted", attempts: 0, grantedAt: NOW });
});
