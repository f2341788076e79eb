import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MAX_BLOCK_BYTES } from "../../../durable-objects/card-issuer/outbox.ts";
import { callJson } from "../../../scripts/api-call.ts";
import { openMadeCampaign } from "../../../scripts/made-campaign.ts";
import { openServedHouse } from "../../../scripts/served-house.ts";
import type { ServedHouse } from "../../../scripts/served-house.ts";
import type { Terminal } from "../../../scripts/terminal.ts";
import { demoSigning, signedDraws } from "../../peers/requests.ts";
import { unlimited } from "../../unlimited.ts";
import { CONSUMER, onThisMachine } from "../simulation/parameters.ts";
import type { Load } from "../simulation/settings.ts";
import { simulate } from "../simulation/simulate.ts";
import { servingProcess, threadTimes } from "../thread.ts";
import { measureTimes } from "../times/measure.ts";
import { prepareTiming } from "../times/prepare.ts";
import type { MeasuredTimes } from "../times/service-times.ts";
import type { Progress } from "../worker/progress.ts";
import type { OpenLoad, OpenMeasured } from "./open-load.ts";

const CAMPAIGN = "check";
const PEAK_PER_SHARD = 300;
const LIMIT = 1_000;
const BULK = 100;
/** By how much the load is above what the thread can do at once: issuing is less than half of that, and goes on unharmed. */
const OVERLOAD = 1.25;
const RATE_STEP = 500;
const MAX_RATE = 20_000;
const WATCH_EVERY_MS = 200;
const LOOK_EVERY_MS = 50;
const MAX_DRAIN_S = 240;
/** Draws before the load, so that nothing is done for the first time in it. */
const WARM_UP = { calls: 100, perSecond: 25 } as const;

export interface CheckOptions {
  readonly shards: number;
  readonly seconds: number;
  /** Draws a second; null: as many as this machine holds. */
  readonly rate: number | null;
}

/** What is compared. */
export interface Figures {
  readonly drawsPerSecond: number;
  readonly settledPerSecond: number;
  readonly peakUnacknowledged: number;
  readonly drainS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What the thread took of the clock in all, by draws. Waiting for the disk is in what is predicted, and not in what is real. */
  readonly threadMicrosPerDraw: number;
}

export interface Checked {
  readonly load: Load;
  readonly shards: number;
  /** How much longer the thread took than its own time when the service times were measured, and in the run; the simulation is told the latter. */
  readonly contention: { readonly measuring: number; readonly running: number };
  readonly predicted: Figures;
  readonly real: Figures;
  readonly backlog: { readonly predicted: readonly Backlog[]; readonly real: readonly Backlog[] };
}

export interface Backlog {
  readonly atS: number;
  readonly unacknowledged: number;
}

/** Measures what this machine takes for what, plays a load through the real app, and simulates the same. */
export async function check(terminal: Terminal, { shards, seconds, rate }: CheckOptions): Promise<Checked> {
  const timing = await prepareTiming(terminal);
  const measured = await measureAndClose(timing, terminal);
  const drawsPerSecond = rate ?? rateHeld(measured, shards);
  const load: Load = { drawsPerSecond, seconds, bulk: BULK, arrivals: "evenly" };
  const { real, contention, backlog } = await play(terminal, load, shards);
  const simulated = simulate(onThisMachine({ ...measured, contention }, load, shards), MAX_DRAIN_S);
  return {
    load,
    shards,
    contention: { measuring: measured.contention, running: contention },
    predicted: {
      drawsPerSecond: simulated.issued / Math.max(seconds, simulated.answeredAfterS),
      settledPerSecond: simulated.settledPerSecond,
      peakUnacknowledged: simulated.peakUnacknowledged,
      drainS: simulated.drainedAfterS ?? Infinity,
      p50Ms: simulated.p50Ms ?? 0,
      p99Ms: simulated.p99Ms ?? 0,
      threadMicrosPerDraw: (simulated.poolBusyMs * 1_000) / simulated.issued,
    },
    real,
    backlog: { predicted: simulated.seconds.map(({ atS, unacknowledged }) => ({ atS, unacknowledged })), real: backlog },
  };
}

async function measureAndClose(house: ServedHouse, terminal: Terminal): Promise<MeasuredTimes> {
  try {
    return await measureTimes(house, terminal);
  } finally {
    await house.close({ keep: false });
  }
}

/** More draws a second than the thread can issue and settle at once, with what else the machine does, so that there is a backlog to be told. */
function rateHeld({ times, sizes, contention }: MeasuredTimes, shards: number): number {
  const { edge, call, issuer, disk, consumer, ledger, acknowledge, local } = times;
  const aCall = edge.perRequest + shards * (call.perCall + issuer.perFlush + disk.perCommit);
  const events = MAX_BLOCK_BYTES / sizes.event;
  const aBatch = ledger.perBatch + disk.perSettledBatch + shards * acknowledge.perCall;
  const aBlock =
    issuer.perBlock + local.queuePerBlock + local.archivePerBlock + disk.perArchivedBlock + consumer.perBlock + ledger.perBlock;
  const settled = consumer.perEvent + ledger.perCard + (aBlock + aBatch / CONSUMER.batchSize) / events;
  const aDraw = aCall / BULK + edge.perDraw + call.perDraw + issuer.perDraw + settled;
  return Math.min(MAX_RATE, Math.max(1, Math.round((OVERLOAD * 1_000) / (aDraw * contention) / RATE_STEP)) * RATE_STEP);
}

interface Played {
  readonly real: Figures;
  readonly contention: number;
  readonly backlog: readonly Backlog[];
}

async function play(terminal: Terminal, load: Load, shards: number): Promise<Played> {
  const source = { entry: "bench/scale/worker/watched.ts", adapt: unlimited };
  const house = await openServedHouse(terminal, { source, scheduled: false });
  try {
    const settings = { expectedPeakPerSecond: shards * PEAK_PER_SHARD, limits: { perRecipient: LIMIT } };
    const cards = load.drawsPerSecond * load.seconds * 2;
    const stock = new Map([
      ["coupon-50", cards],
      ["thanks", cards],
    ]);
    await openMadeCampaign(house, house.admin, terminal, { id: CAMPAIGN, settings, stock });
    await terminal.step("warming up", async () => {
      await fire(house, WARM_UP.calls, WARM_UP.perSecond);
      await drained(house);
    });
    return await terminal.step(`${load.drawsPerSecond} draws/s for ${load.seconds} s, and until the ledger has them`, () =>
      playLoad(house, load),
    );
  } finally {
    await house.close({ keep: false });
  }
}

async function playLoad(house: ServedHouse, { drawsPerSecond, seconds }: Load): Promise<Played> {
  const pid = await servingProcess(house.server.group);
  const [before, first] = [await threadTimes(pid), await progressOf(house)];
  const seen: { readonly atMs: number; readonly most: number; readonly unacknowledged: number; readonly settled: number }[] = [];
  const watching = { on: true };
  const watch = (async () => {
    for (; watching.on; await sleep(WATCH_EVERY_MS)) {
      const { unacknowledged, mostUnacknowledged: most, acknowledgedEvents } = await progressOf(house);
      seen.push({ atMs: performance.now(), most, unacknowledged, settled: acknowledgedEvents - first.acknowledgedEvents });
    }
  })();
  const measured = await fire(house, (drawsPerSecond * seconds) / BULK, drawsPerSecond / BULK);
  // Before the first request the generator was started, and all of them were signed.
  const beganMs = performance.now() - measured.seconds * 1_000;
  await drained(house, first.acknowledgedEvents + drawsPerSecond * seconds);
  const drainS = (performance.now() - beganMs) / 1_000 - seconds;
  watching.on = false;
  await watch;
  const after = await threadTimes(pid);
  const [cpuMs, waitedMs] = [after.cpuMs - before.cpuMs, after.waitedMs - before.waitedMs];
  if (measured.failed > 0)
    throw new Error(`${measured.failed} of ${measured.answered} calls were not answered 200: ask for a lower --rate`);
  const watched = seen.map(({ atMs, ...rest }) => ({ atS: (atMs - beganMs) / 1_000, ...rest })).filter(({ atS }) => atS >= 0);
  const settled = watched.findLast(({ atS }) => atS <= seconds)?.settled ?? 0;
  return {
    contention: (cpuMs + waitedMs) / cpuMs,
    backlog: watched.map(({ atS, unacknowledged }) => ({ atS, unacknowledged })),
    real: {
      drawsPerSecond: (drawsPerSecond * seconds) / Math.max(seconds, measured.seconds),
      settledPerSecond: settled / seconds,
      peakUnacknowledged: Math.max(...watched.map(({ most }) => most)),
      drainS,
      p50Ms: measured.p50Ms,
      p99Ms: measured.p99Ms,
      threadMicrosPerDraw: ((cpuMs + waitedMs) * 1_000) / (drawsPerSecond * seconds),
    },
  };
}

async function progressOf({ appOrigin }: ServedHouse): Promise<Progress> {
  return await callJson(`${appOrigin}/progress`);
}

/** Waits until no block is left, and the ledger has so many events. */
async function drained(house: ServedHouse, events = 1): Promise<void> {
  for (let waitedMs = 0; waitedMs < MAX_DRAIN_S * 1_000; waitedMs += LOOK_EVERY_MS) {
    const { unacknowledged, acknowledgedEvents } = await progressOf(house);
    if (unacknowledged === 0 && acknowledgedEvents >= events) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`the ledger has not caught up within ${MAX_DRAIN_S} s`);
}

async function fire({ appOrigin, keysDir }: ServedHouse, calls: number, perSecond: number): Promise<OpenMeasured> {
  const url = `${appOrigin}/partner/v1/campaigns/${CAMPAIGN}/draws`;
  const requests = signedDraws(await demoSigning(keysDir), url, BULK, calls);
  const child = fork(join(import.meta.dirname, "generate.ts"), { serialization: "advanced" });
  const end = () => void child.kill();
  process.once("exit", end);
  child.send({ port: Number(new URL(appOrigin).port), requests, perSecond } satisfies OpenLoad);
  const [measured] = (await once(child, "message")) as [OpenMeasured];
  process.off("exit", end);
  child.kill();
  return measured;
}
