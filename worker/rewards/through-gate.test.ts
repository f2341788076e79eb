import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CLOSED } from "../../durable-objects/reward-gate/breaker.ts";
import { acquirePermits, reportCalls, wakeGate } from "../../durable-objects/reward-gate/gate.ts";
import type { Gate } from "../../durable-objects/reward-gate/gate.ts";
import type { Settings } from "../settings.ts";
import type { Errand } from "./by-gate.ts";
import type { GrantOutcome, ParamedReward } from "./provider.ts";
import { passThroughGate } from "./through-gate.ts";

const LATENCY_MS = 5;

beforeAll(() => void vi.useFakeTimers());
afterAll(() => void vi.useRealTimers());

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Lets time run until `passing` is done. */
async function finish<T>(passing: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return passing;
}

/** A gate in memory, by the real one's own decisions. */
function world(outcomeOf: (call: number) => GrantOutcome | Promise<GrantOutcome>, permitsPerSecond = 200) {
  let gate: Gate = wakeGate(CLOSED, Date.now());
  let running = 0;
  const seen = { calls: 0, permits: 0, most: 0, reports: 0 };
  const provider: Errand["provider"] = {
    reach: "remote",
    gate: () => ({ provider: "points", limits: { permitsPerSecond } }),
    grant: async () => {
      const call = seen.calls;
      seen.calls += 1;
      running += 1;
      seen.most = Math.max(seen.most, running);
      await sleep(LATENCY_MS);
      running -= 1;
      return outcomeOf(call);
    },
  };
  const errands = (count: number): Errand[] =>
    Array.from({ length: count }, (_, i) => ({ provider, reward: { card: `card-${i}`, campaign: "spring" } as ParamedReward }));
  const passage = {
    gate: { provider: "points", limits: { permitsPerSecond } },
    lanes: 6,
    stub: () => ({
      acquire: async (request: Parameters<typeof acquirePermits>[1]) => {
        const acquired = acquirePermits(gate, request, Date.now());
        gate = acquired.gate;
        seen.permits += acquired.reply.permits;
        return acquired.reply;
      },
      report: async (report: Parameters<typeof reportCalls>[1]) => {
        gate = reportCalls(gate, report, Date.now());
        seen.reports += report.succeeded + report.failed;
      },
    }),
    deps: { settings: {} as Settings, fetch: () => Promise.reject(new Error("no network")), nowMs: () => Date.now() },
    wait: sleep,
  };
  return { seen, errands, passage };
}

const granted: GrantOutcome = { outcome: "granted" };
const down: GrantOutcome = { outcome: "retry", reason: "the connection failed" };

test("every reward is asked for once, with a permit each, and each call is reported on", async () => {
  const { seen, errands, passage } = world(() => granted);
  const { asked, left } = await finish(passThroughGate(errands(200), passage));
  expect(new Set(asked.map(({ reward }) => reward.card)).size).toBe(200);
  expect(left).toEqual([]);
  expect(seen).toMatchObject({ calls: 200, permits: 200, reports: 200 });
  expect(seen.most).toBeLessThanOrEqual(6);
});

test("a provider that is down is left alone after a few calls, and the rest comes back uncalled", async () => {
  const { seen, errands, passage } = world(() => down);
  const { asked, left, retryAfterMs } = await finish(passThroughGate(errands(200), passage));
  expect(seen.calls).toBeLessThanOrEqual(4);
  expect(asked.length + left.length).toBe(200);
  expect(retryAfterMs).toBeGreaterThan(2_000);
});

test("a refusal is no sign of illness", async () => {
  const { errands, passage } = world(() => ({ outcome: "refused", reason: "answered 422" }));
  const { left } = await finish(passThroughGate(errands(50), passage));
  expect(left).toEqual([]);
});

test("what had no turn in time is left for another message", async () => {
  const { errands, passage } = world(() => granted, 1);
  const { asked, left } = await finish(passThroughGate(errands(100), passage));
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.length).toBeLessThanOrEqual(20);
  expect(asked.length + left.length).toBe(100);
});

describe("when something breaks", () => {
  test("a provider that throws has failed, and the others go on", async () => {
    const { errands, passage } = world((call) => (call === 0 ? Promise.reject(new Error("bug")) : granted));
    const { asked } = await finish(passThroughGate(errands(10), passage));
    expect(asked.map(({ outcome }) => outcome.outcome).sort()).toEqual([...Array.from({ length: 9 }, () => "granted"), "retry"]);
  });

  test("without its gate, no provider is called", async () => {
    const { seen, errands, passage } = world(() => granted);
    const lost = { acquire: () => Promise.reject(new Error("reset")), report: () => Promise.reject(new Error("reset")) };
    const { left } = await finish(passThroughGate(errands(10), { ...passage, stub: () => lost }));
    expect(left.length).toBe(10);
    expect(seen.calls).toBe(0);
  });

  test("a gate that is slow slows its rewards, and loses none", async () => {
    const { seen, errands, passage } = world(() => granted);
    const stub = () => ({
      acquire: async (request: Parameters<ReturnType<typeof passage.stub>["acquire"]>[0]) => {
        await sleep(400);
        return passage.stub().acquire(request);
      },
      report: async (report: Parameters<ReturnType<typeof passage.stub>["report"]>[0]) => {
        await sleep(400);
        return passage.stub().report(report);
      },
    });
    const { asked, left } = await finish(passThroughGate(errands(30), { ...passage, stub }));
    expect([asked.length, left.length]).toEqual([30, 0]);
    expect(seen).toMatchObject({ calls: 30, permits: 30, reports: 30 });
  });

  test("a gate that never answers keeps no consumer, and no provider is called", async () => {
    const { seen, errands, passage } = world(() => granted);
    const never = () => new Promise<never>(() => {});
    const { left, retryAfterMs } = await finish(
      passThroughGate(errands(10), { ...passage, stub: () => ({ acquire: never, report: never }) }),
    );
    expect([left.length, seen.calls]).toEqual([10, 0]);
    expect(retryAfterMs).toBeGreaterThan(2_000);
  });

  test("a gate that takes no report keeps no outcome back", async () => {
    const { errands, passage } = world(() => granted);
    const stub = () => ({ ...passage.stub(), report: () => new Promise<never>(() => {}) });
    const { asked, left } = await finish(passThroughGate(errands(10), { ...passage, stub }));
    expect(asked.length + left.length).toBe(10);
    expect(asked.every(({ outcome }) => outcome.outcome === "granted")).toBe(true);
  });

  test("a provider that is slow holds back what waits for it, and is granted by in the end", async () => {
    const { seen, errands, passage } = world(async () => {
      await sleep(3_000);
      return granted;
    });
    const { asked, left } = await finish(passThroughGate(errands(100), passage));
    expect(seen.most).toBeLessThanOrEqual(6);
    expect(asked.length + left.length).toBe(100);
    expect(asked.every(({ outcome }) => outcome.outcome === "granted")).toBe(true);
  });

  test("a report that is lost loses no outcome", async () => {
    const { errands, passage } = world(() => granted);
    const stub = () => ({ ...passage.stub(), report: () => Promise.reject(new Error("reset")) });
    const { asked, left } = await finish(passThroughGate(errands(10), { ...passage, stub }));
    expect(asked.length + left.length).toBe(10);
    expect(asked.every(({ outcome }) => outcome.outcome === "granted")).toBe(true);
  });
});
