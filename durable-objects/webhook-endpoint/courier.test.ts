import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OutgoingEvent } from "../protocol.ts";
import { nextAlarm } from "./alarm.ts";
import type { Work } from "./alarm.ts";
import { answerOf, noAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { Courier } from "./courier.ts";
import type { Chunk, ClosedChunk, CourierStore, Outcome, Retry } from "./courier.ts";
import { MAX_IN_FLIGHT, WELL } from "./health.ts";
import type { Health } from "./health.ts";

const DAY_MS = 24 * 3_600_000;
const START_MS = Date.parse("2027-02-05T12:00:00Z");

/** The store in memory; what it keeps is what a crash leaves. */
class MemoryStore implements CourierStore {
  chunkRows: Chunk[] = [];
  readonly retryRows = new Map<string, Retry>();
  readonly outcomes: Outcome[] = [];
  health: Health = WELL;
  #chunk = 0;

  hear(nowMs: number, ...heard: readonly OutgoingEvent[]): void {
    for (let first = 0; first < heard.length; first += 4) {
      this.#chunk += 1;
      this.chunkRows.push({ chunk: this.#chunk, heardAtMs: nowMs, events: heard.slice(first, first + 4) });
    }
  }
  chunks(after: number, limit: number): Chunk[] {
    return this.chunkRows.filter(({ chunk }) => chunk > after).slice(0, limit);
  }
  dueRetries(nowMs: number, limit: number): Retry[] {
    return [...this.retryRows.values()]
      .filter(({ dueAtMs }) => dueAtMs <= nowMs)
      .sort((a, b) => a.dueAtMs - b.dueAtMs)
      .slice(0, limit);
  }
  closeChunk({ chunk, left, outcomes, retries }: ClosedChunk): void {
    this.chunkRows = this.chunkRows.flatMap((row) => (row.chunk !== chunk ? [row] : left.length === 0 ? [] : [{ ...row, events: left }]));
    for (const retry of retries) this.keepRetry(retry);
    this.outcomes.push(...outcomes);
  }
  keepRetry(retry: Retry): void {
    this.retryRows.set(retry.event.id, retry);
  }
  closeRetry(outcome: Outcome): void {
    this.retryRows.delete(outcome.id);
    this.outcomes.push(outcome);
  }
  keepHealth(health: Health): void {
    this.health = health;
  }
  forgetAll(): void {
    this.chunkRows = [];
    this.retryRows.clear();
  }
  work(): Work {
    const due = [...this.retryRows.values()].map(({ dueAtMs }) => dueAtMs);
    return { fresh: this.chunkRows.length > 0, dueAtMs: due.length === 0 ? null : Math.min(...due) };
  }
}

/** An endpoint and its courier on a clock of their own, which moves on to each next alarm. */
class Scene {
  readonly store = new MemoryStore();
  readonly calls: { readonly id: string; readonly atMs: number }[] = [];
  nowMs = START_MS;
  highest = 0;
  #under = 0;
  readonly #endpoint: (event: OutgoingEvent, scene: Scene) => Answer | Promise<Answer>;
  courier: Courier;

  constructor(endpoint: (event: OutgoingEvent, scene: Scene) => Answer | Promise<Answer>) {
    this.#endpoint = endpoint;
    this.courier = this.#wakeUp();
  }

  /** As after a crash: only what is stored is known. */
  crash(): void {
    this.courier = this.#wakeUp();
  }

  /** Runs alarm after alarm, until nothing is left to do or the time is over. */
  async until(endMs: number): Promise<void> {
    for (;;) {
      const atMs = nextAlarm(this.courier.health, this.store.work(), this.nowMs);
      if (atMs === null || atMs > endMs) break;
      this.nowMs = atMs;
      await this.courier.run(this.nowMs + 300_000);
    }
    this.nowMs = endMs;
  }

  delivered(): string[] {
    return this.store.outcomes.filter(({ state }) => state === "delivered").map(({ id }) => id);
  }

  callsOf(id: string): number[] {
    return this.calls.filter((call) => call.id === id).map(({ atMs }) => atMs - START_MS);
  }

  #wakeUp(): Courier {
    return new Courier(this.store.health, {
      store: this.store,
      nowMs: () => this.nowMs,
      random: () => 0.5,
      send: async (event) => {
        this.calls.push({ id: event.id, atMs: this.nowMs });
        this.#under += 1;
        this.highest = Math.max(this.highest, this.#under);
        const answer = await this.#endpoint(event, this);
        this.#under -= 1;
        return answer;
      },
    });
  }
}

function events(count: number, name = "e"): OutgoingEvent[] {
  return Array.from({ length: count }, (_, i) => ({ id: `${name}${i}`, type: "card.revealed", at: START_MS, body: "{}" }));
}

const ok: Answer = { answer: "delivered", httpStatus: 200 };
const status = (httpStatus: number, retryAfter: string | null = null, nowMs = START_MS) => answerOf(httpStatus, retryAfter, nowMs);

describe("an endpoint that answers", () => {
  test("gets every event once, a bounded number at a time", async () => {
    const scene = new Scene(async () => {
      await Promise.resolve();
      return ok;
    });
    scene.store.hear(scene.nowMs, ...events(100));
    await scene.until(START_MS + 1);
    expect(scene.delivered().sort()).toEqual(
      events(100)
        .map(({ id }) => id)
        .sort(),
    );
    expect(scene.calls).toHaveLength(100);
    expect(scene.highest).toBe(MAX_IN_FLIGHT);
  });

  test("gets what arrives while a slow call is under way, without waiting for it", async () => {
    const slow = Promise.withResolvers<Answer>();
    const scene = new Scene(({ id }) => (id === "slow0" ? slow.promise : ok));
    scene.store.hear(scene.nowMs, ...events(1, "slow"));
    const running = scene.courier.run(START_MS + 1_000);
    scene.store.hear(scene.nowMs, ...events(3));
    scene.courier.wake();
    await expect.poll(() => scene.delivered()).toEqual(["e0", "e1", "e2"]);
    slow.resolve(ok);
    await running;
    expect(scene.delivered()).toContain("slow0");
  });
});

describe("an endpoint that is down", () => {
  test("is tried for three days, then each event is given up after a last attempt", async () => {
    const scene = new Scene(() => noAnswer(new TypeError("refused"), 10_000));
    scene.store.hear(scene.nowMs, ...events(1));
    await scene.until(START_MS + 4 * DAY_MS);
    expect(scene.store.outcomes).toMatchObject([{ id: "e0", state: "failed", answer: "the connection failed" }]);
    const tries = scene.callsOf("e0");
    expect(tries.length).toBeGreaterThanOrEqual(8);
    expect(tries.at(-1)).toBe(3 * DAY_MS);
    const gaps = tries.slice(1, -1).map((at, i) => at - (tries[i] ?? 0));
    expect(gaps.every((gap, i) => i === 0 || gap >= (gaps[i - 1] ?? 0))).toBe(true);
  });

  test("is called ever more rarely, however much there is to tell it, and gets all of it when it is back", async () => {
    const scene = new Scene((_event, { nowMs }) => (nowMs < START_MS + DAY_MS ? status(500) : ok));
    scene.store.hear(scene.nowMs, ...events(500));
    await scene.until(START_MS + DAY_MS - 1);
    expect(scene.calls.length).toBeLessThan(400);
    await scene.until(START_MS + 4 * DAY_MS);
    expect(new Set(scene.delivered()).size).toBe(500);
    expect(scene.delivered()).toHaveLength(500);
  });

  test("delays no other", async () => {
    const [down, up] = [new Scene(() => status(503)), new Scene(() => ok)];
    for (const scene of [down, up]) scene.store.hear(scene.nowMs, ...events(20));
    await Promise.all([down.courier.run(START_MS + 1_000), up.courier.run(START_MS + 1_000)]);
    expect(up.delivered()).toHaveLength(20);
    expect(down.delivered()).toEqual([]);
  });
});

describe("an endpoint's answer", () => {
  test("429 with Retry-After: nothing is sent until then, then one call, then the rest", async () => {
    const scene = new Scene((_event, { nowMs }) => (nowMs < START_MS + 120_000 ? status(429, "120", nowMs) : ok));
    scene.store.hear(scene.nowMs, ...events(30));
    await scene.until(START_MS + 119_999);
    expect(scene.calls.length).toBeLessThanOrEqual(MAX_IN_FLIGHT);
    await scene.until(START_MS + DAY_MS);
    expect(new Set(scene.delivered()).size).toBe(30);
  });

  test("410 ends it: nothing more is sent or kept", async () => {
    const scene = new Scene(() => status(410));
    scene.store.hear(scene.nowMs, ...events(30));
    await scene.until(START_MS + DAY_MS);
    expect(scene.calls.length).toBeLessThanOrEqual(MAX_IN_FLIGHT);
    expect(scene.store.health).toMatchObject({ state: "disabled", by: "gone" });
    expect(scene.store.work()).toEqual({ fresh: false, dueAtMs: null });
  });

  test.each([301, 302, 307, 308, 400, 401, 404, 500, 502])("%i is a failure, tried again", async (httpStatus) => {
    const scene = new Scene((_event, { calls }) => (calls.length === 1 ? status(httpStatus) : ok));
    scene.store.hear(scene.nowMs, ...events(1));
    await scene.until(START_MS + DAY_MS);
    expect(scene.store.outcomes).toMatchObject([{ state: "delivered", attempts: 2 }]);
  });

  test("to one event that it never takes does not keep the others from it", async () => {
    const scene = new Scene(({ id }) => (id === "e3" ? status(400) : ok));
    scene.store.hear(scene.nowMs, ...events(50));
    await scene.until(START_MS + 4 * DAY_MS);
    expect(scene.delivered()).toHaveLength(49);
    expect(scene.store.outcomes).toContainEqual(expect.objectContaining({ id: "e3", state: "failed", answer: "answered 400" }));
  });
});

test("whatever fails and wherever it crashes, every event is delivered, and what was delivered and stored is not sent again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("ok", "fail", "crash"), { maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      async (script, count) => {
        const steps = [...script];
        let crashed = false;
        let died = Promise.withResolvers<void>();
        const scene = new Scene((_event, { nowMs }) => {
          const step = steps.shift() ?? "ok";
          if (step === "crash") {
            crashed = true;
            setTimeout(died.resolve);
          }
          return crashed ? new Promise<Answer>(() => {}) : step === "fail" ? status(500, null, nowMs) : ok;
        });
        scene.store.hear(scene.nowMs, ...events(count));
        for (let crashes = 0; crashes <= script.length; crashes++) {
          const stored = new Set(scene.delivered());
          const before = scene.calls.length;
          await Promise.race([scene.until(START_MS + 2 * DAY_MS), died.promise]);
          expect(scene.calls.slice(before).filter(({ id }) => stored.has(id))).toEqual([]);
          if (!crashed) break;
          crashed = false;
          died = Promise.withResolvers<void>();
          scene.crash();
        }
        expect(new Set(scene.delivered())).toEqual(new Set(events(count).map(({ id }) => id)));
      },
    ),
    { numRuns: 60 },
  );
});
