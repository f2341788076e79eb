import { describe, expect, test } from "vitest";
import type { MeasuredTimes } from "../times/service-times.ts";
import { judge } from "./configurations.ts";
import { onCloudflare, onThisMachine } from "./parameters.ts";
import type { Changes } from "./parameters.ts";
import { simulate } from "./simulate.ts";
import type { Simulated } from "./simulate.ts";

/** Made up, but of the size of what was measured. */
const MEASURED: MeasuredTimes = {
  times: {
    edge: { perRequest: 0.5, perDraw: 0.002 },
    call: { perCall: 0.05, perDraw: 0.001 },
    issuer: { perFlush: 0.3, perDraw: 0.01, perBlock: 0.4, perOrder: 0.03 },
    acknowledge: { perCall: 0.5, perBlock: 0.05 },
    lease: { perLease: 0.8, perCard: 0 },
    consumer: { perBlock: 0.02, perEvent: 0.003 },
    ledger: { perBatch: 6, perBlock: 0, perCard: 0.04, perLifeEvent: 0.05 },
    local: { archivePerBlock: 2, queuePerBlock: 0.5 },
    disk: { perCommit: 0.3, perArchivedBlock: 0.5, perSettledBatch: 5 },
  },
  sizes: { event: 280, lifeEvent: 190, cardParameter: 262, cardInLedger: 540, cardInIssuer: 200 },
  errors: {},
  sqlPerCard: 0.03,
  contention: 1,
};
const QUIET: Changes = { shards: 4, load: { drawsPerSecond: 1_000, seconds: 10, bulk: 10 } };

function played(changes: Changes, drainSeconds = 60): Simulated {
  return simulate(onCloudflare(MEASURED, changes), drainSeconds);
}

/** What goes in comes out: no card is settled that was not issued, and of a load that drains, all are. */
function mustBalance({ issued, settledEvents, drainedAfterS }: Simulated): void {
  expect(settledEvents).toBeLessThanOrEqual(issued);
  expect(drainedAfterS === null || settledEvents === issued).toBe(true);
}

test("the same settings give the same run, and another seed another", () => {
  expect(played(QUIET)).toEqual(played(QUIET));
  const other = simulate({ ...onCloudflare(MEASURED, QUIET), seed: 1 }, 60);
  expect(other.p99Ms).not.toBe(played(QUIET).p99Ms);
});

test("a load that everybody can hold is held: no draw is shed, all is settled, and a call takes a ping, a flush and a commit", () => {
  const quiet = played(QUIET);
  mustBalance(quiet);
  expect(quiet.shed).toBe(0);
  expect(quiet.drainedAfterS).toBeLessThan(10);
  expect(Math.abs(quiet.issued / 10_000 - 1)).toBeLessThan(0.1);
  expect(quiet.p50Ms).toBeGreaterThan(40);
  expect(quiet.p50Ms).toBeLessThan(120);
});

test("as many leases are asked for as two seconds each of what is drawn want", () => {
  const { leases, issued } = played({ ...QUIET, load: { ...QUIET.load, seconds: 40 } });
  expect(issued / leases).toBeGreaterThan(300);
  expect(issued / leases).toBeLessThan(800);
});

describe("where something does not suffice", () => {
  test("a ledger that is too slow lets the backlog grow, and draws go on", () => {
    const slow = played({ ...QUIET, platform: { ledgerSlowdown: 40 } }, 0);
    mustBalance(slow);
    expect(slow.drainedAfterS).toBeNull();
    expect(slow.shed).toBe(0);
    expect(slow.utilisation.ledgers.most).toBeGreaterThan(0.6);
    const unsettled = slow.seconds.map(({ unsettledEvents }) => unsettledEvents);
    expect(unsettled.at(-1)).toBeGreaterThan(unsettled.at(4) ?? Infinity);
  });

  test("more ledgers settle more", () => {
    const few = played({ shards: 8, load: { drawsPerSecond: 20_000, seconds: 10 }, platform: { ledgerSlowdown: 4 } }, 0);
    const many = played(
      { shards: 8, ledgers: 8, queues: 8, load: { drawsPerSecond: 20_000, seconds: 10 }, platform: { ledgerSlowdown: 4 } },
      0,
    );
    expect(many.settledPerSecond).toBeGreaterThan(few.settledPerSecond * 1.5);
  });

  test("batches of one queue are parted by ledger, and cost more transactions than those of a queue each", () => {
    const load = { drawsPerSecond: 20_000, seconds: 10 };
    const each = played({ shards: 8, ledgers: 8, queues: 8, load });
    const one = played({ shards: 8, ledgers: 8, load });
    for (const run of [each, one]) {
      mustBalance(run);
      expect(run.drainedAfterS).not.toBeNull();
    }
    expect(one.transactions).toBeGreaterThan(each.transactions * 1.5);
  });

  test("one full ledger holds up no other that has blocks in the same batch", () => {
    const full = played({ ...QUIET, ledgers: 4, platform: { ledgerBytes: 2_400 * MEASURED.sizes.cardInLedger } });
    mustBalance(full);
    expect(full.failures).toBeGreaterThan(0);
    expect(full.settledEvents).toBeGreaterThan(4 * 2_000);
  });

  test("a full ledger takes nothing more, and loses nothing", () => {
    const full = played({ ...QUIET, platform: { ledgerBytes: 3_000 * MEASURED.sizes.cardInLedger } });
    mustBalance(full);
    expect(full.drainedAfterS).toBeNull();
    expect(full.settledEvents).toBeLessThanOrEqual(3_000);
    expect(full.settledEvents).toBeGreaterThan(2_000);
    expect(full.failures).toBeGreaterThan(0);
  });

  test("an issuer that is asked for more than it can do sheds draws, at once", () => {
    const one = played({ shards: 1, load: { drawsPerSecond: 200_000, seconds: 5, bulk: 500 } }, 0);
    expect(one.shed).toBeGreaterThan(0);
    expect(one.utilisation.issuers.most).toBeGreaterThan(0.95);
  });

  test("blocks that a ledger is late with are sent again, and settled once", () => {
    const late = played({ ...QUIET, platform: { ledgerSlowdown: 100 } }, 600);
    mustBalance(late);
    expect(late.messages).toBeGreaterThan(late.blocks);
    expect(late.drainedAfterS).not.toBeNull();
  });

  test("a queue that takes too few messages is asked again later", () => {
    const narrow = played({ ...QUIET, platform: { queueMessagesPerSecond: 2 } }, 120);
    mustBalance(narrow);
    expect(narrow.refusedMessages).toBeGreaterThan(0);
    expect(narrow.drainedAfterS).not.toBeNull();
  });
});

test("one thread that does everything does no more than that", () => {
  const load = { drawsPerSecond: 10_000, seconds: 10, bulk: 100, arrivals: "evenly" } as const;
  const all = simulate(onThisMachine(MEASURED, load, 4), 120);
  mustBalance(all);
  expect(all.issued).toBe(100_000);
  expect(all.drainedAfterS).not.toBeNull();
  const { edge, call, issuer, ledger, consumer } = MEASURED.times;
  const leastMs = edge.perDraw + call.perDraw + issuer.perDraw + ledger.perCard + consumer.perEvent;
  expect(10 + (all.drainedAfterS ?? 0)).toBeGreaterThan((100_000 * leastMs) / 1_000);
});

test("a verdict tells what D1 would not take, and what has no room", () => {
  const settings = onCloudflare(MEASURED, { ledgers: 32, consumer: { batchSize: 20 } });
  const verdict = judge(settings, MEASURED.sizes, played(QUIET));
  expect(verdict.tooLargeBy).toBeGreaterThan(1);
  expect(verdict.hasRoom).toBe(true);
  expect(judge({ ...settings, ledgers: 1 }, MEASURED.sizes, played(QUIET))).toMatchObject({ hasRoom: false, holds: false });
});
