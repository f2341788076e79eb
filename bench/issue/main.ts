import { parseArgs } from "node:util";
import { exitOnSignals } from "../../scripts/exits.ts";
import { openTerminal, table } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { keepResult } from "../keep-result.ts";
import { groupsCpuMs, quiet } from "./cpu.ts";
import { startGenerator } from "./generator.ts";
import type { Generator } from "./generator.ts";
import { prepareBench } from "./prepare.ts";
import type { Bench } from "./prepare.ts";
import { requestsOf } from "./requests.ts";
import { figureOf, ratioOf } from "./summarize.ts";
import type { Figure, RatioFigure, Sample } from "./summarize.ts";
import { RATIOS, VARIANTS } from "./variants.ts";
import type { VariantName } from "./variants.ts";

const USAGE = `npm run bench:issue -- [--rounds 7] [--seconds 2] [--connections 48] [--only draw,rpc]
  What issuing costs, from a Worker that says hello to a signed draw. All variants take turns within each round; compare ratios, not rates.`;
/** The same for all: as many as keep an issuer busy, and no more than that it lets all their draws wait, also by the hundred (`MAX_PENDING`). */
const CONNECTIONS = 48;
const WARM_UP_MS = 300;
/** More signed requests a second than are answered. */
const SIGNED_PER_SECOND = 8_000;
/** Looks at a card: no more users than an isolate remembers look three times within a shot, which may end when all have. */
const LOOKS_PER_SECOND = 14_000;
/** What is to be there before a variant is measured takes no longer. */
const MAX_BEFORE_MS = 10_000;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: String(CONNECTIONS) },
    only: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  const terminal = openTerminal();
  const only = values.only?.split(",");
  const variants = VARIANTS.filter(({ name }) => only?.includes(name) ?? true);
  const rounds = Number(values.rounds);
  const bench = await prepareBench(terminal);
  const generator = startGenerator();
  const samples = new Map<VariantName, Sample[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another variant, so that none always follows the same.
    const first = Math.floor((round * variants.length) / rounds);
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      samples.get(variant.name)?.push(await measure(variant, bench, generator));
    }
    terminal.progress("rounds", round + 1, rounds);
  }
  generator.close();
  await bench.house.close({ keep: false });
  const figures = Object.fromEntries(variants.map((variant) => [variant.name, figureOf(variant, samples.get(variant.name) ?? [])]));
  const measured = RATIOS.filter(({ of, by }) => samples.has(of) && samples.has(by));
  const ratios = Object.fromEntries(measured.map((ratio) => [ratio.name, ratioOf(ratio, variants, samples)]));
  show(terminal, figures, ratios);
  await keepResult(terminal, "issue", { rounds, figures, ratios });
}

async function measure({ name }: (typeof VARIANTS)[number], bench: Bench, generator: Generator): Promise<Sample> {
  const { server, appOrigin } = bench.house;
  const measureMs = Number(values.seconds) * 1_000;
  const mostIn = (perSecond: number) => Math.ceil(((WARM_UP_MS + measureMs) * perSecond) / 1_000);
  const most = { signed: mostIn(SIGNED_PER_SECOND), looks: mostIn(LOOKS_PER_SECOND) };
  const { before: first = [], ...requests } = await requestsOf(name, bench, most);
  const port = Number(new URL(appOrigin).port);
  const connections = Number(values.connections);
  if (first.length > 0) await generator.fire({ requests: first, once: true, port, connections, warmUpMs: 0, measureMs: MAX_BEFORE_MS });
  await quiet([server.group]);
  const before = await groupsCpuMs([server.group]);
  const measured = await generator.fire({
    ...requests,
    port,
    connections,
    warmUpMs: WARM_UP_MS,
    measureMs,
  });
  const after = await groupsCpuMs([server.group]);
  if (measured.failed > 0) throw new Error(`${name}: ${measured.failed} of ${measured.answered} were not answered 200`);
  // The warm-up is in the CPU time: take its share out.
  const share = measureMs / (WARM_UP_MS + measureMs);
  return { ...measured, serverCpuMs: before === null || after === null ? null : (after - before) * share };
}

function show(terminal: Terminal, figures: Readonly<Record<string, Figure>>, ratios: Readonly<Record<string, RatioFigure>>): void {
  const rows = VARIANTS.flatMap(({ name, what }) => {
    const figure = figures[name];
    if (figure === undefined) return [];
    const { requestsPerSecond, drawsPerSecond, serverCpuMicrosPerRequest, p50Ms, p99Ms, generatorBusy } = figure;
    const whole = (value: number | null) => (value === null ? "–" : Math.round(value));
    const percent = Math.round(generatorBusy * 100);
    return [
      [
        name,
        whole(requestsPerSecond),
        whole(drawsPerSecond),
        whole(serverCpuMicrosPerRequest),
        p50Ms.toFixed(1),
        p99Ms.toFixed(1),
        percent,
        what,
      ],
    ];
  });
  terminal.say(`\n${table(["", "requests/s", "draws/s", "server CPU µs", "p50 ms", "p99 ms", "generator %", ""], rows)}\n`);
  const lines = Object.entries(ratios).map(([name, { median, rounds, target }]) => {
    const met = target === null ? "" : median >= target ? `≥ ${target}` : `below ${target}`;
    return [name, median.toFixed(2), met, rounds.map((ratio) => ratio.toFixed(2)).join(" ")];
  });
  terminal.say(`${table(["ratio", "median", "target", "by round"], lines)}\n`);
}
