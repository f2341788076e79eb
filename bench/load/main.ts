import { parseArgs } from "node:util";
import { exitOnSignals, exitWith } from "../../scripts/exits.ts";
import { openTerminal } from "../../scripts/terminal.ts";
import { keepResult } from "../keep-result.ts";
import { checkBooks } from "./check-books.ts";
import { openPlay, runLoad, startLoadGenerator } from "./run.ts";
import type { Play } from "./run.ts";
import { HELLO, LIFE, SCENARIOS } from "./scenarios.ts";
import type { Scenario } from "./scenarios.ts";
import { reportHunts, searchRates } from "./search-rate.ts";
import { showBooks, showRun, showVerdict } from "./show.ts";
import { showLooks, soak } from "./soak.ts";
import { openStage } from "./stage.ts";

const ALL = [HELLO, ...SCENARIOS];
const USAGE = `npm run bench:load -- <scenario> [--rate 300] [--seconds 20] | <scenario> --search | soak [--minutes 10] [--rate 50] | --all [--quick]
  The app as it would be deployed, under the load of people who come at their time, whether or not those before them were answered.
${ALL.map(({ name, what }) => `  ${name.padEnd(14)}${what}`).join("\n")}
  ${"soak".padEnd(14)}lives for so many minutes, watching the server's memory, what is on its way, and the ledger
  --rate     visits a second; of a spike, at its peak
  --search   the highest rate that holds, beside that of hello, taking turns
  --all      every scenario; with --quick briefly, in less than four minutes, to see that all works: a p99 of a second will do
  --served-by wrangler-dev   instead of the bundle, by Miniflare`;

/** Before the first figure: the runtime compiles what is used, and objects start. */
const WARM_UP_SECONDS = 2;
/** Briefly, it is asked whether all works, on whatever else the machine does. */
const SMOKE_P99_MS = 1_000;
const SEARCH = { trySeconds: 6, confirmSeconds: 20 };
const QUICK_SEARCH = { trySeconds: 3, confirmSeconds: 6 };
const SOAK = { minutes: 10, rate: 50 };
const QUICK_SOAK = { minutes: 0.25, rate: 30 };
const SECONDS_PER_MINUTE = 60;
/**
 * For every isolate of workerd, as Miniflare takes it. By itself V8 lets young objects gather that a runtime with 128 MB an isolate would not, and then
 * stops for 200 to 400 ms to go through them, of a Worker that says hello as well.
 */
const V8_FLAGS = "--min-semi-space-size=1 --max-semi-space-size=1";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: "string" },
    seconds: { type: "string" },
    minutes: { type: "string" },
    search: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    "served-by": { type: "string", default: "bundle" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const [wanted] = positionals;
const servedBy = values["served-by"] === "wrangler-dev" ? "wrangler-dev" : "bundle";
const scenario = ALL.find(({ name }) => name === wanted);

process.env["MINIFLARE_WORKERD_V8_FLAGS"] ??= V8_FLAGS;
exitOnSignals();
const terminal = openTerminal();
if (values.help || (scenario === undefined && wanted !== "soak" && !values.all)) console.log(USAGE);
else await exitWith(run, terminal);

async function run(): Promise<number> {
  const generator = startLoadGenerator();
  const stage = await openStage(terminal, servedBy);
  const open = async (one: Scenario): Promise<Play> => {
    const isSmoke = values.quick && !values.search;
    const bounds = isSmoke ? { ...one.bounds, p99Ms: SMOKE_P99_MS } : one.bounds;
    const play = await openPlay(stage, terminal, { ...one, bounds }, generator);
    await runLoad(play, one.quick.rate, WARM_UP_SECONDS);
    return play;
  };
  try {
    if (values.all) {
      const codes: number[] = [];
      for (const one of ALL) codes.push(await runOne(await open(one)));
      codes.push(await runSoak(open));
      return Math.max(...codes);
    }
    if (scenario === undefined) return await runSoak(open);
    return values.search ? await runSearch([await open(scenario), await open(HELLO)]) : await runOne(await open(scenario));
  } finally {
    generator.close();
    await stage.close();
  }
}

async function runOne(play: Play): Promise<number> {
  const { name, what, bounds, campaign, quick, ...full } = play.scenario;
  const usual = values.quick ? quick : full;
  const result = await runLoad(play, Number(values.rate ?? usual.rate), Number(values.seconds ?? usual.seconds));
  const books = campaign === null ? null : await checkBooks(play, terminal);
  showRun(terminal, name, result);
  showVerdict(terminal, result, bounds);
  if (books !== null) showBooks(terminal, books);
  await keep(name, { name, what, bounds, ...result, books });
  return result.verdict.status === "held" && (books?.faults ?? []).length === 0 ? 0 : 1;
}

async function runSearch(plays: readonly Play[]): Promise<number> {
  const times = values.quick ? QUICK_SEARCH : SEARCH;
  const { result, well } = await reportHunts(terminal, await searchRates(terminal, plays, times));
  await keep(`${plays[0]?.scenario.name}-search`, { ...times, ...result });
  return well ? 0 : 1;
}

async function runSoak(open: (one: Scenario) => Promise<Play>): Promise<number> {
  const usual = values.quick ? QUICK_SOAK : SOAK;
  const [rate, minutes] = [Number(values.rate ?? usual.rate), Number(values.minutes ?? usual.minutes)];
  const play = await open({ ...LIFE, name: "soak" });
  const { rounds, looks, faults } = await soak(terminal, play, rate, minutes * SECONDS_PER_MINUTE);
  const books = await checkBooks(play, terminal);
  for (const [nth, round] of rounds.entries()) showRun(terminal, `soak, round ${nth + 1}`, round);
  showLooks(terminal, looks);
  for (const fault of faults) terminal.say(`  wrong: ${fault}`);
  showBooks(terminal, books);
  for (const round of rounds) if (round.verdict.status !== "held") showVerdict(terminal, round, play.scenario.bounds);
  await keep("soak", { rate, minutes, bounds: play.scenario.bounds, rounds, looks, faults, books });
  return rounds.every(({ verdict }) => verdict.status === "held") && [...faults, ...books.faults].length === 0 ? 0 : 1;
}

async function keep(name: string, result: object): Promise<void> {
  const kind = [name, ...(values.quick ? ["quick"] : []), ...(servedBy === "bundle" ? [] : [servedBy])];
  await keepResult(terminal, `load-${kind.join("-")}`, { servedBy, ...result });
}
