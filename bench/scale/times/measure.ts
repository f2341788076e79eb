import { callJson } from "../../../scripts/api-call.ts";
import type { ServedHouse } from "../../../scripts/served-house.ts";
import type { Terminal } from "../../../scripts/terminal.ts";
import { startGenerator } from "../../issue/generator.ts";
import { median } from "../../issue/summarize.ts";
import { demoSigning, signedDraws } from "../../peers/requests.ts";
import { servingProcess, threadTimes } from "../thread.ts";
import { NOTHING_DONE } from "../worker/tasks.ts";
import type { Done, Task } from "../worker/tasks.ts";
import { fitLinear } from "./fit.ts";
import { CAMPAIGNS, ISSUE_SHARDS } from "./prepare.ts";
import type { MeasuredTimes } from "./service-times.ts";

/** A task that was done, and what its thread had of it. */
interface Shot {
  readonly done: Done;
  readonly cpuMs: number;
  readonly blockedMs: number;
  readonly wallMs: number;
}

const { issue, settle, edge } = CAMPAIGNS;
const CALLS: readonly Task[] = [
  { what: "call", calls: 1, draws: 1, rounds: 400 },
  { what: "call", calls: 20, draws: 1, rounds: 60 },
  { what: "call", calls: 1, draws: 100, rounds: 200 },
  { what: "call", calls: 1, draws: 1_000, rounds: 40 },
];
const COMMITS: readonly Task[] = [{ what: "commit", rounds: 300 }];
const DRAWS: readonly Task[] = [
  draw(issue, 1, 1, 40),
  draw(issue, 20, 1, 20),
  draw(issue, 1, 20, 30),
  draw(issue, 1, 100, 20),
  draw(issue, 10, 100, 4),
  draw(issue, 1, 1_000, 4),
  draw(issue, 4, 500, 3),
  draw(issue, 1, 100, 15, true),
  draw(issue, 1, 10, 15, true),
];
const ACKNOWLEDGEMENTS: readonly Task[] = [
  { what: "acknowledge", campaign: issue, blocks: 1, rounds: 30 },
  { what: "acknowledge", campaign: issue, blocks: 4, rounds: 12 },
];
const LEASES: readonly Task[] = [
  { what: "lease", campaign: issue, cards: 16, rounds: 60 },
  { what: "lease", campaign: issue, cards: 1_000, rounds: 60 },
  { what: "lease", campaign: issue, cards: 10_000, rounds: 20 },
];
/** A ledger that has nothing in it is faster than any. Full blocks, settled ten at a time. */
const FILLING: readonly Task[] = [draw(settle, 4, 500, 50), { what: "settle", campaign: settle, blocks: 10, rounds: 25 }];
/** Blocks of 100 events, of 250, and full ones; what is settled beneath takes them in this order. */
const BLOCKS: readonly Task[] = [draw(settle, 1, 100, 60, true), draw(settle, 1, 250, 60, true), draw(settle, 4, 500, 22)];
const READS: readonly Task[] = [
  { what: "read", campaign: settle, blocks: 1, rounds: 100 },
  { what: "read", campaign: settle, blocks: 60, rounds: 4 },
  { what: "read", campaign: settle, blocks: 120, rounds: 2 },
];
const ARCHIVES: readonly Task[] = [
  { what: "archive", campaign: settle, blocks: 1, rounds: 30 },
  { what: "archive", campaign: settle, blocks: 10, rounds: 6 },
];
const QUEUES: readonly Task[] = [
  { what: "queue", campaign: settle, blocks: 60 },
  { what: "queue", campaign: settle, blocks: 100 },
];
const SETTLEMENTS: readonly Task[] = [
  { what: "settle", campaign: settle, blocks: 1, rounds: 20 },
  { what: "settle", campaign: settle, blocks: 10, rounds: 4 },
  { what: "settle", campaign: settle, blocks: 1, rounds: 20 },
  { what: "settle", campaign: settle, blocks: 10, rounds: 4 },
  { what: "settle", campaign: settle, blocks: 1, rounds: 20 },
  { what: "settle", campaign: settle, blocks: 5, rounds: 4 },
  { what: "settle", campaign: settle, blocks: 10, rounds: 7 },
];
/** Of the cards of the settled blocks. */
const LIVES: Task = { what: "live", campaign: settle, cards: 3_000 };
/** Draws a request, requests. */
const EDGE = [
  [1, 600],
  [10, 300],
  [100, 100],
  [500, 30],
] as const;
const EDGE_CONNECTIONS = 6;
const EDGE_TIMEOUT_MS = 60_000;
const EDGE_WARM_UP = [10, 800] as const;
/** What fits into one. */
const EVENTS_PER_BLOCK = 398;
const REPEATS = 2;
/** What is done for the first time is compiled anew several times. */
const WARM_UP: readonly Task[] = [
  draw(issue, 1, 1, 40),
  draw(issue, 1, 100, 40, true),
  draw(issue, 10, 100, 5),
  { what: "call", calls: 20, draws: 5, rounds: 200 },
  { what: "acknowledge", campaign: issue, blocks: 1, rounds: 40 },
  { what: "lease", campaign: issue, cards: 1_000, rounds: 150 },
  { what: "commit", rounds: 300 },
];

function draw(campaign: string, calls: number, draws: number, rounds: number, sealed = false): Task {
  return { what: "draw", campaign, shards: campaign === issue ? ISSUE_SHARDS : 1, calls, draws, rounds, sealed };
}

/** Measures what each part of the app takes of the one thread that does all of it here. */
export async function measureTimes(house: ServedHouse, terminal: Terminal): Promise<MeasuredTimes> {
  const shooter = new Shooter(house, await servingProcess(house.server.group));
  const several = async (label: string, tasks: readonly Task[], repeats = REPEATS) =>
    await terminal.step(label, () => shooter.several(tasks, repeats));
  await terminal.step("warming up", () => shooter.several(WARM_UP, 1));

  const call = fit(await several("calls", CALLS), ({ calls, draws }) => [calls, draws]);
  const [perCall = 0, perCallDraw = 0] = call.each;
  const rpc = ({ calls, draws }: Done) => calls * perCall + draws * perCallDraw;

  const commits = await several("commits", COMMITS);
  const draws = fit(await several("draws", DRAWS), (done) => [done.flushes, done.draws, done.blocks], rpc);
  const [perFlush = 0, perDraw = 0, perBlock = 0] = draws.each;
  const issuing = (done: Done) => rpc(done) + done.flushes * perFlush + done.draws * perDraw + done.blocks * perBlock;

  const acknowledge = fit(await several("acknowledgements", ACKNOWLEDGEMENTS), ({ calls, blocks }) => [calls, blocks]);
  const lease = fit(await several("leases", LEASES), ({ calls, draws: cards }) => [calls, cards]);

  const before = await shooter.once({ what: "state", campaign: settle });
  const filled = (await several("a ledger of some size", FILLING, 1)).slice(1);
  const settledFirst = sum(filled, ({ events }) => events);
  const made = await several("blocks to settle", BLOCKS, 1);
  const between = await shooter.once({ what: "state", campaign: settle });
  const read = fit(await several("reading blocks", READS), ({ blocks, events }) => [blocks, events]);
  const archives = await several("the lake", ARCHIVES);
  const archive = fit(archives, ({ blocks }) => [blocks]);
  const queue = fit(await several("the queue", QUEUES, 1), ({ blocks }) => [blocks]);
  const beside = (done: Done) =>
    done.blocks * ((read.each[0] ?? 0) + (archive.each[0] ?? 0) + (acknowledge.each[1] ?? 0)) +
    done.events * (read.each[1] ?? 0) +
    done.batches * (acknowledge.each[0] ?? 0);
  const settlements = await several("settlement", SETTLEMENTS, 1);
  const ledger = fit(settlements, ({ batches, blocks, events }) => [batches, blocks, events], beside);
  const after = await shooter.once({ what: "state", campaign: settle });

  const lives = await several("reveals and redemptions", [LIVES], 1);
  const perOrder = fit(lives, ({ events }) => [events], issuing);
  const left = sum(made, ({ blocks }) => blocks) - sum(settlements, ({ blocks }) => blocks);
  if (left > 0) await shooter.several([{ what: "settle", campaign: settle, blocks: 1, rounds: left }], 1);
  const lifeBlocks = sum(lives, ({ blocks }) => blocks);
  const lived = await several("their settlement", [{ what: "settle", campaign: settle, blocks: 2, rounds: Math.floor(lifeBlocks / 2) }], 1);
  const [perBatch = 0, perSettledBlock = 0, perCard = 0] = ledger.each;
  const known = (done: Done) => beside(done) + done.batches * perBatch + done.blocks * perSettledBlock;
  const perLifeEvent = fit(lived, ({ events }) => [events], known);

  const requests = await terminal.step("the edge", () => measureEdge(house, shooter));
  const edgeFit = fit(requests, ({ calls, draws: drawn }) => [calls, drawn], issuing);

  const drawn = sum(made, ({ draws: count }) => count);
  const settled = sum(settlements, ({ events }) => events);
  const blockedEach = (shots: readonly Shot[], of: (done: Done) => number) =>
    Math.max(0, sum(shots, (_, { blockedMs }) => blockedMs) / sum(shots, of));
  const perArchivedBlock = blockedEach(archives, ({ blocks }) => blocks);
  const settledBlocked = sum(settlements, ({ blocks }, { blockedMs }) => blockedMs - blocks * perArchivedBlock);
  return {
    times: {
      edge: { perRequest: edgeFit.each[0] ?? 0, perDraw: edgeFit.each[1] ?? 0 },
      call: { perCall, perDraw: perCallDraw },
      issuer: { perFlush, perDraw, perBlock, perOrder: perOrder.each[0] ?? 0 },
      acknowledge: { perCall: acknowledge.each[0] ?? 0, perBlock: acknowledge.each[1] ?? 0 },
      lease: { perLease: lease.each[0] ?? 0, perCard: lease.each[1] ?? 0 },
      consumer: { perBlock: read.each[0] ?? 0, perEvent: read.each[1] ?? 0 },
      ledger: { perBatch, perBlock: perSettledBlock, perCard, perLifeEvent: perLifeEvent.each[0] ?? 0 },
      local: { archivePerBlock: archive.each[0] ?? 0, queuePerBlock: queue.each[0] ?? 0 },
      disk: {
        perCommit: blockedEach(commits, ({ flushes }) => flushes),
        perArchivedBlock,
        perSettledBatch: Math.max(0, settledBlocked / sum(settlements, ({ batches }) => batches)),
      },
    },
    sizes: {
      event: sum(settlements, ({ bytes }) => bytes) / settled,
      lifeEvent: sum(lived, ({ bytes }) => bytes) / sum(lived, ({ events }) => events),
      cardParameter: await parameterBytes(shooter),
      cardInLedger: (after.done.ledgerBytes - before.done.ledgerBytes) / (settled + settledFirst),
      cardInIssuer: (between.done.issuerBytes - before.done.issuerBytes) / drawn - sum(settlements, ({ bytes }) => bytes) / settled,
    },
    errors: {
      call: call.worst,
      draw: draws.worst,
      acknowledge: acknowledge.worst,
      lease: lease.worst,
      consumer: read.worst,
      archive: archive.worst,
      ledger: ledger.worst,
      edge: edgeFit.worst,
    },
    sqlPerCard: sum(settlements, ({ sqlMs }) => sqlMs) / settled,
    contention: shooter.contention,
  };
}

/** Fits what the shots took beyond what is known of them. */
function fit(shots: readonly Shot[], amounts: (done: Done) => readonly number[], known: (done: Done) => number = () => 0) {
  return fitLinear(shots.map(({ done, cpuMs }) => ({ amounts: amounts(done), ms: cpuMs - known(done) })));
}

function sum(shots: readonly Shot[], of: (done: Done, shot: Shot) => number): number {
  return shots.reduce((total, shot) => total + of(shot.done, shot), 0);
}

async function parameterBytes(shooter: Shooter): Promise<number> {
  await shooter.once(draw(settle, 1, 100, 1, true));
  const { done } = await shooter.once({ what: "read", campaign: settle, blocks: 1, rounds: 1 });
  return done.bytes / done.events;
}

/** Signed requests, over as many connections as keep the thread at work. */
async function measureEdge(house: ServedHouse, shooter: Shooter): Promise<Shot[]> {
  const signing = await demoSigning(house.keysDir);
  const port = Number(new URL(house.appOrigin).port);
  const url = `${house.appOrigin}/partner/v1/campaigns/${edge}/draws`;
  const generator = startGenerator();
  const flushes = async () => (await shooter.once({ what: "state", campaign: edge })).done.flushes;
  const fire = async (draws: number, requests: number): Promise<Done> => {
    const signed = signedDraws(signing, url, draws, requests);
    const all = { port, connections: EDGE_CONNECTIONS, once: true, warmUpMs: 0, measureMs: EDGE_TIMEOUT_MS };
    const { answered, failed } = await generator.fire({ ...all, requests: signed });
    if (failed > 0 || answered < requests) throw new Error(`of ${requests} signed requests ${answered - failed} were answered well`);
    return { ...NOTHING_DONE, calls: answered, draws: answered * draws, blocks: Math.round((answered * draws) / EVENTS_PER_BLOCK) };
  };
  await fire(...EDGE_WARM_UP);
  const shots: Shot[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    for (const [draws, requests] of EDGE) {
      const before = await flushes();
      const shot = await shooter.time(() => fire(draws, requests));
      shots.push({ ...shot, done: { ...shot.done, flushes: (await flushes()) - before } });
    }
  }
  generator.close();
  return shots;
}

class Shooter {
  readonly #origin: string;
  readonly #pid: number;
  #wallMs = 0;
  #ownMs = 0;

  constructor({ appOrigin }: ServedHouse, pid: number) {
    this.#origin = appOrigin;
    this.#pid = pid;
  }

  get contention(): number {
    return this.#wallMs / this.#ownMs;
  }

  async once(task: Task): Promise<Shot> {
    return await this.time(() => callJson<Done>(`${this.#origin}/timed`, { method: "POST", body: task }));
  }

  /** Each task so often, all in turn; of each the median. */
  async several(tasks: readonly Task[], repeats: number): Promise<Shot[]> {
    const shots: Shot[][] = tasks.map(() => []);
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      for (const [i, task] of tasks.entries()) shots[i]?.push(await this.once(task));
    }
    return shots.map((each) => {
      const of = (value: (shot: Shot) => number) => median(each.map(value));
      const { done } = each[0] as Shot;
      return { done, cpuMs: of(({ cpuMs }) => cpuMs), blockedMs: of(({ blockedMs }) => blockedMs), wallMs: of(({ wallMs }) => wallMs) };
    });
  }

  async time(work: () => Promise<Done>): Promise<Shot> {
    const [before, beganMs] = [await threadTimes(this.#pid), performance.now()];
    const done = await work();
    const [wallMs, after] = [performance.now() - beganMs, await threadTimes(this.#pid)];
    const [cpuMs, waitedMs] = [after.cpuMs - before.cpuMs, after.waitedMs - before.waitedMs];
    this.#wallMs += cpuMs + waitedMs;
    this.#ownMs += cpuMs;
    return { done, cpuMs, wallMs, blockedMs: wallMs - cpuMs - waitedMs };
  }
}
