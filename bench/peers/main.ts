import { parseArgs } from "node:util";
import { exitOnSignals, exitWith } from "../../scripts/exits.ts";
import { hmacKey } from "../../scripts/partner-client.ts";
import { openTerminal, table } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { groupsCpuMs, quiet } from "../issue/cpu.ts";
import { startGenerator } from "../issue/generator.ts";
import type { Generator } from "../issue/generator.ts";
import { median } from "../issue/summarize.ts";
import { keepResult } from "../keep-result.ts";
import { conform } from "./conform.ts";
import { syncsPerSecond } from "./disk.ts";
import { openInside } from "./inside.ts";
import type { Inside } from "./inside.ts";
import { openGoRedis, openNodeRedis, openTornado } from "./outside.ts";
import type { OutsideOptions } from "./outside.ts";
import type { Peer } from "./peer.ts";
import { demoSigning, plainGet, signedDraws } from "./requests.ts";
import type { Signing } from "./requests.ts";
import { BULK, RATIOS } from "./targets.ts";
import type { Row } from "./targets.ts";

const USAGE = `npm run bench -- [--quick] [--rounds 7] [--seconds 2] [--connections 48] [--only kuji,node-redis] [--skip-conform]
  The draw API of Kuji beside what people would use instead, on this machine, in one run, taking turns within each round; and the platform's own limits.
  Each peer first has to keep the same promises. redis-server, memcached, go and python3 are wanted for the peers that are made of them.
  Compare ratios, not rates. --quick: three rounds, in less than five minutes.`;
const CONNECTIONS = 48;
const QUICK_ROUNDS = 3;
const QUICK_SECONDS = 1.5;
const WARM_UP_MS = 300;
/** At once a peer is asked for no more draws than this share of what it does at most in a second: a slow one would answer none within a shot. */
const SHARE_AT_ONCE = 15;
const DISK_MS = 500;
const LIMIT = 1_000;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string", default: String(CONNECTIONS) },
    only: { type: "string" },
    "skip-conform": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : 7));
const measureMs = Number(values.seconds ?? (values.quick ? QUICK_SECONDS : 2)) * 1_000;
const connections = Number(values.connections);

exitOnSignals();
const terminal = openTerminal();
if (values.help) console.log(USAGE);
else await exitWith(run, terminal);

/** One row of the table: how it is asked, and whose CPU time it is. */
interface Measurement extends Row {
  readonly what: string;
  readonly port: number;
  readonly groups: () => readonly number[];
  readonly connections: number;
  readonly requests: () => { readonly requests: readonly Uint8Array[]; readonly once: boolean };
}

interface Sample {
  readonly perSecond: number;
  readonly cpuMicros: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly busy: number;
}

async function run(): Promise<number> {
  const wanted = values.only?.split(",") ?? null;
  const inside = await openInside(terminal);
  const signing = await demoSigning(inside.house.keysDir);
  const peers = await openPeers(inside, { folder: inside.house.folder, secret: signing.secret }, wanted);
  const generator = startGenerator();
  try {
    const kept = values["skip-conform"] ? peers : await conforming(peers, signing);
    for (const peer of kept) await terminal.step(`${peer.name} has its decks`, () => loadDecks(peer));
    const measurements = [...limits(inside), ...kept.flatMap((peer) => draws(peer, signing))];
    const samples = await measureAll(measurements, generator);
    const disk: number[] = [];
    for (let round = 0; round < rounds; round += 1) disk.push(await syncsPerSecond(inside.house.folder, DISK_MS));
    return await report(measurements, samples, disk, kept.length === peers.length);
  } finally {
    generator.close();
    for (const peer of peers) await peer.close();
    await inside.house.close({ keep: false });
  }
}

async function openPeers(inside: Inside, options: OutsideOptions, wanted: readonly string[] | null): Promise<Peer[]> {
  const peers = [inside.kuji, inside.kujiApart, inside.naiveObject, inside.naiveD1].filter(({ name }) => wanted?.includes(name) ?? true);
  for (const [name, openPeer] of Object.entries({ "node-redis": openNodeRedis, "go-redis": openGoRedis, tornado: openTornado })) {
    if (wanted?.includes(name) ?? true) peers.push(await terminal.step(`${name} answers`, () => openPeer(options)));
  }
  return peers;
}

/** The peers that keep their promises; of the others it is told what they do not keep. */
async function conforming(peers: readonly Peer[], { keyId, secret }: Signing): Promise<Peer[]> {
  const key = hmacKey(keyId, secret);
  const kept: Peer[] = [];
  for (const peer of peers) {
    const checks = await terminal.step(`${peer.name} is asked to keep its promises`, () => conform(peer, key));
    const faults = checks.filter(({ fault }) => fault !== null);
    for (const { promise, fault } of faults) terminal.say(`             ${promise}: ${fault}`);
    if (faults.length === 0) kept.push(peer);
  }
  return kept;
}

function campaignOf({ name }: Peer, perRequest: number): string {
  return `bench-${name.replaceAll(" ", "-")}-${perRequest}`;
}

async function loadDecks(peer: Peer): Promise<void> {
  const cards = (perSecond: number) => Math.ceil((perSecond * rounds * (WARM_UP_MS + measureMs)) / 1_000);
  for (const [id, stock] of [
    [campaignOf(peer, 1), cards(peer.most.single)],
    [campaignOf(peer, BULK), cards(peer.most.bulk)],
  ] as const) {
    const thanks = Math.ceil(stock / 2);
    await peer.load({
      id,
      limit: LIMIT,
      stock: new Map([
        ["coupon-50", stock - thanks],
        ["thanks", thanks],
      ]),
    });
  }
}

function limits({ house }: Inside): Measurement[] {
  const probe = (name: string, what: string): Measurement => ({
    name,
    what,
    draws: 1,
    port: Number(new URL(house.appOrigin).port),
    groups: () => [house.server.group],
    connections,
    requests: () => ({ requests: [plainGet(`${house.appOrigin}/probe/${name}`)], once: false }),
  });
  return [
    probe("hello", "a Worker that says hello"),
    probe("rpc", "an RPC to a Durable Object that touches no storage"),
    probe("insert", "an RPC that waits for its company, and one row a flush"),
  ];
}

function draws(peer: Peer, signing: Signing): Measurement[] {
  const of = (perRequest: number, most: number, name: string, what: string): Measurement => ({
    name,
    what,
    draws: perRequest,
    port: Number(new URL(peer.origin).port),
    groups: () => peer.groups(),
    connections: Math.min(connections, Math.ceil(most / perRequest / SHARE_AT_ONCE)),
    requests: () => {
      const requests = Math.ceil((most * (WARM_UP_MS + measureMs)) / 1_000 / perRequest);
      return {
        requests: signedDraws(signing, `${peer.origin}/partner/v1/campaigns/${campaignOf(peer, perRequest)}/draws`, perRequest, requests),
        once: true,
      };
    },
  });
  return [of(1, peer.most.single, peer.name, peer.what), of(BULK, peer.most.bulk, `${peer.name} × ${BULK}`, `${BULK} draws a request`)];
}

async function measureAll(measurements: readonly Measurement[], generator: Generator): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(measurements.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another, so that none always follows the same.
    const first = Math.floor((round * measurements.length) / rounds);
    for (const measurement of [...measurements.slice(first), ...measurements.slice(0, first)]) {
      samples.get(measurement.name)?.push(await measure(measurement, generator));
    }
    terminal.progress("rounds", round + 1, rounds);
  }
  return samples;
}

async function measure({ name, port, groups, connections: open, requests }: Measurement, generator: Generator): Promise<Sample> {
  const prepared = requests();
  await quiet(groups());
  const before = await groupsCpuMs(groups());
  const measured = await generator.fire({ ...prepared, port, connections: open, warmUpMs: WARM_UP_MS, measureMs });
  const after = await groupsCpuMs(groups());
  if (measured.failed > 0) throw new Error(`${name}: ${measured.failed} of ${measured.answered} were not answered 200`);
  const share = measureMs / (WARM_UP_MS + measureMs);
  const { answered, seconds, p50Ms, p99Ms, busy } = measured;
  const cpuMicros = before === null || after === null ? null : ((after - before) * share * 1_000) / answered;
  return { perSecond: answered / seconds, cpuMicros, p50Ms, p99Ms, busy };
}

async function report(
  measurements: readonly Measurement[],
  samples: ReadonlyMap<string, readonly Sample[]>,
  disk: readonly number[],
  allKept: boolean,
): Promise<number> {
  const figures = measurements.map(({ name, what, draws: perRequest }) => {
    const of = (value: (sample: Sample) => number) => median((samples.get(name) ?? []).map(value));
    return {
      name,
      what,
      requestsPerSecond: of(({ perSecond }) => perSecond),
      drawsPerSecond: of(({ perSecond }) => perSecond * perRequest),
      cpuMicrosPerDraw: of(({ cpuMicros }) => (cpuMicros ?? Number.NaN) / perRequest),
      p50Ms: of(({ p50Ms }) => p50Ms),
      p99Ms: of(({ p99Ms }) => p99Ms),
      generatorBusy: of(({ busy }) => busy),
    };
  });
  showFigures(terminal, figures, median(disk));
  const perRequest = new Map(measurements.map(({ name, draws: each }) => [name, each]));
  const ratios = RATIOS.flatMap(({ of, by, target }) => {
    const [above, below] = [samples.get(of), samples.get(by)];
    if (above === undefined || below === undefined) return [];
    const drawn = (name: string, sample: Sample | undefined) => (sample?.perSecond ?? Number.NaN) * (perRequest.get(name) ?? 1);
    const each = above.map((sample, round) => drawn(of, sample) / drawn(by, below[round]));
    return [{ name: `${of} ÷ ${by}`, median: median(each), rounds: each, target }];
  });
  const lines = ratios.map(({ name, median: ratio, rounds: each, target }) => {
    const met = target === null ? "" : ratio >= target ? `≥ ${target}` : `below ${target}`;
    return [name, ratio.toFixed(2), met, each.map((one) => one.toFixed(2)).join(" ")];
  });
  terminal.say(`${table(["ratio", "median", "target", "by round"], lines)}\n`);
  const result = { rounds, syncsPerSecond: median(disk), figures, ratios };
  await keepResult(terminal, values.quick ? "peers-quick" : "peers", result);
  return allKept ? 0 : 1;
}

interface Shown {
  readonly name: string;
  readonly what: string;
  readonly requestsPerSecond: number;
  readonly drawsPerSecond: number;
  readonly cpuMicrosPerDraw: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly generatorBusy: number;
}

function showFigures(out: Terminal, figures: readonly Shown[], syncs: number): void {
  const rows = figures.map((figure) => [
    figure.name,
    Math.round(figure.requestsPerSecond),
    Math.round(figure.drawsPerSecond),
    Number.isNaN(figure.cpuMicrosPerDraw) ? "–" : figure.cpuMicrosPerDraw.toFixed(1),
    figure.p50Ms.toFixed(1),
    figure.p99Ms.toFixed(1),
    Math.round(figure.generatorBusy * 100),
    figure.what,
  ]);
  out.say(`\n${table(["", "requests/s", "draws/s", "CPU µs a draw", "p50 ms", "p99 ms", "generator %", ""], rows)}`);
  out.say(`the disk: ${Math.round(syncs)} pages a second, each on it before the next\n`);
}
