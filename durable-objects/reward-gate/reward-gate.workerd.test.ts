import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { GateReport, RewardGateRpc } from "../protocol.ts";

let gates = 0;

/** A gate of its own for each test; `ask` takes a fresh stub for each call. */
function gate() {
  gates += 1;
  const provider = `provider-${gates}`;
  const object = () => env.REWARD_GATE.getByName(provider);
  const stub = () => object() as unknown as RewardGateRpc;
  const limits = { permitsPerSecond: 100 };
  const failure: GateReport = { provider, succeeded: 0, failed: 1, retryAfterMs: null };
  return {
    ask: (want = 6) => stub().acquire({ provider, want, limits }),
    report: (report: Partial<GateReport>) => stub().report({ ...failure, ...report }),
    evict: () => evictDurableObject(object()),
  };
}

/** Asks until there is a permit. */
async function permit({ ask }: Pick<ReturnType<typeof gate>, "ask">): Promise<void> {
  for (;;) {
    const { permits, retryAfterMs } = await ask(1);
    if (permits === 1) return;
    await scheduler.wait(retryAfterMs);
  }
}

test("many consumers together get no more permits in a second than the provider bears", async () => {
  const { ask, report } = gate();
  const given: number[] = [];
  const untilMs = Date.now() + 1_500;
  const consume = async () => {
    while (Date.now() < untilMs) {
      const { permits, retryAfterMs } = await ask();
      for (let call = 0; call < permits; call += 1) given.push(Date.now());
      if (permits > 0) await report({ succeeded: permits, failed: 0 });
      else await scheduler.wait(Math.max(1, retryAfterMs));
    }
  };
  await Promise.all(Array.from({ length: 8 }, consume));
  for (const start of given) {
    expect(given.filter((atMs) => atMs >= start && atMs < start + 1_000).length).toBeLessThanOrEqual(100);
  }
  expect(given.length).toBeGreaterThan(50);
});

test("a gate that failures have closed stays closed when its object is evicted, and knows how many calls the minute has seen", async () => {
  const { ask, report, evict } = gate();
  await permit({ ask });
  await report({ failed: 3 });
  expect(await ask()).toMatchObject({ permits: 0 });
  await report({ failed: 2 });
  await evict();
  const { permits, retryAfterMs } = await ask();
  expect(permits).toBe(0);
  expect(retryAfterMs).toBeGreaterThan(60_000);
});

test("a provider's own wish outlives an eviction", async () => {
  const { ask, report, evict } = gate();
  await report({ retryAfterMs: 120_000 });
  await evict();
  const { permits, retryAfterMs } = await ask();
  expect(permits).toBe(0);
  expect(retryAfterMs).toBeGreaterThan(110_000);
});

test("when the rest is over a single call probes, across an eviction, and its success opens the gate to all", async () => {
  const { ask, report, evict } = gate();
  await report({ retryAfterMs: 1 });
  await scheduler.wait(5);
  await evict();
  await permit({ ask });
  expect(await ask()).toMatchObject({ permits: 0 });
  await report({ succeeded: 1, failed: 0 });
  await permit({ ask });
  await evict();
  await permit({ ask });
});
