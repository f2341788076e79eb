import { parseArgs } from "node:util";
import { exitOnSignals, exitWith } from "../../scripts/exits.ts";
import { NOTHING, openTerminal, table } from "../../scripts/terminal.ts";
import { keepResult } from "../keep-result.ts";
import { check } from "./check/check.ts";
import type { Checked, Figures } from "./check/check.ts";
import { CONFIGURATIONS, judge, VARIATION_SECONDS, VARIATIONS } from "./simulation/configurations.ts";
import type { Configuration, Verdict } from "./simulation/configurations.ts";
import { CONSUMER, LATENCIES, LEDGER_SLOWDOWN, LIMITS, LOAD, onCloudflare } from "./simulation/parameters.ts";
import { simulateAll } from "./simulation/side-by-side.ts";
import type { Second, Simulated } from "./simulation/simulate.ts";
import { readResult } from "../read-result.ts";
import type { Kept } from "../read-result.ts";
import type { MeasuredTimes } from "./times/service-times.ts";

const USAGE = `npm run bench:simulate [-- --check [--shards 4] [--seconds 15] [--rate 12000]]
  200 issuers at 100,000 draws a second for ten minutes, and what is left after them, simulated by the service times that npm run bench:service-times has measured
  and by Cloudflare's limits (bench/scale/simulation/parameters.ts): as things are, with other settings, and with what would have to be built.
  --check  plays a load that this machine holds through the app itself, and the same through the simulation, with service times measured just before`;
/** Of the time series, what plots want. */
const KEPT_EVERY_S = 10;
/** After a load everything is settled within as long again, or not in time. */
const DRAIN_BY_LOAD = 1;
const MAX_DIFFERENCE = 0.2;

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    shards: { type: "string", default: "4" },
    seconds: { type: "string", default: "15" },
    rate: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
const terminal = openTerminal();
if (values.help) console.log(USAGE);
else await exitWith(values.check ? runCheck : run, terminal);

async function run(): Promise<number> {
  const measured = await readTimes();
  const all = [...CONFIGURATIONS, ...VARIATIONS];
  const settings = all.map(({ changes }) => onCloudflare(measured, changes));
  const plays = settings.map((each) => ({ settings: each, drainSeconds: each.load.seconds * DRAIN_BY_LOAD }));
  const played = await simulateAll(plays, (done) => terminal.progress("configurations", done, all.length));
  const outcomes = all.map((configuration, i): Outcome => {
    const [own, simulated] = [settings[i] as (typeof settings)[number], played[i] as Simulated];
    return { configuration, simulated, verdict: judge(own, measured.sizes, simulated) };
  });
  const [whole, varied] = [outcomes.slice(0, CONFIGURATIONS.length), outcomes.slice(CONFIGURATIONS.length)];
  const cardsALedger = Math.floor(LIMITS.ledgerBytes.is / measured.sizes.cardInLedger);
  showWhole(whole, cardsALedger);
  showVaried(varied);
  const { at, commit, machine } = measured;
  await keepResult(terminal, "simulate", {
    serviceTimes: { at, commit, machine },
    parameters: { load: LOAD, consumer: CONSUMER, limits: LIMITS, latencies: LATENCIES, ledgerSlowdown: LEDGER_SLOWDOWN },
    cardsALedger,
    configurations: whole.map((outcome) => kept(outcome, KEPT_EVERY_S)),
    variations: varied.map((outcome) => kept(outcome, VARIATION_SECONDS)),
  });
  return whole.some(({ verdict }) => verdict.holds) ? 0 : 1;
}

interface Outcome {
  readonly configuration: Configuration;
  readonly simulated: Simulated;
  readonly verdict: Verdict;
}

async function readTimes(): Promise<Kept<MeasuredTimes>> {
  const times = await readResult<MeasuredTimes>("service-times");
  if (times === null) throw new Error("no service times were measured here: npm run bench:service-times");
  return times;
}

function kept({ configuration, simulated, verdict }: Outcome, everyS: number): object {
  const { seconds, ...result } = simulated;
  return { ...configuration, verdict, ...result, seconds: seconds.filter(({ atS }) => atS % everyS === 0) };
}

function ms(value: number | null): string | number {
  return value === null ? NOTHING : Math.round(value);
}

function wordOf({ holds, hasRoom, tooLargeBy }: Verdict): string {
  if (tooLargeBy !== null) return "D1 takes no such batch";
  return holds ? "holds" : hasRoom ? "does not hold" : "does not hold, and has no room";
}

function percent(share: number): number {
  return Math.round(share * 100);
}

function showWhole(outcomes: readonly Outcome[], cardsALedger: number): void {
  terminal.say(`\n${LOAD.drawsPerSecond.toLocaleString("en")} draws/s for ${LOAD.seconds} s in calls of ${LOAD.bulk}, to 200 issuers:`);
  const rows = outcomes.map(({ configuration, simulated, verdict }) => {
    const { p50Ms, p99Ms, shed, peakUnacknowledged, drainedAfterS, settledPerSecond, seconds } = simulated;
    const { needs, name } = configuration;
    const left = seconds.at(-1)?.unsettledEvents ?? 0;
    const drained = drainedAfterS === null ? NOTHING : Math.round(drainedAfterS);
    const word = wordOf(verdict);
    return [
      name,
      needs,
      ms(p50Ms),
      ms(p99Ms),
      shed,
      Math.round(settledPerSecond),
      peakUnacknowledged,
      drained,
      left,
      word,
      verdict.bottleneck,
    ];
  });
  const heading = ["", "needs", "p50 ms", "p99 ms", "shed", "settled/s", "peak blocks", "drained s", "left", "", "first bottleneck"];
  terminal.say(`\n${table(heading, rows)}\n`);
  const cards = LOAD.drawsPerSecond * LOAD.seconds;
  terminal.say(
    `A D1 database of 10 GB holds ${cardsALedger.toLocaleString("en")} cards as they are issued; ${cards.toLocaleString("en")} need ${Math.ceil(cards / cardsALedger)}, and lives and rewards more.\n`,
  );
  for (const { configuration, simulated } of outcomes) {
    const points = simulated.seconds.filter(({ atS }) => atS % 60 === 0).map((second) => series(second));
    terminal.say(
      `${configuration.name}\n${table(["after s", "draws/s", "p50 ms", "p99 ms", "blocks kept", "events not settled"], points)}\n`,
    );
  }
}

function series({ atS, issued, p50Ms, p99Ms, unacknowledged, unsettledEvents }: Second): (string | number)[] {
  return [atS, issued, ms(p50Ms), ms(p99Ms), unacknowledged, unsettledEvents];
}

function showVaried(outcomes: readonly Outcome[]): void {
  terminal.say(`The last of them with one thing changed, for ${VARIATION_SECONDS} s; shares in %, of the busiest of each kind:`);
  const rows = outcomes.map(({ configuration, simulated, verdict }) => {
    const { p99Ms, shed, settledPerSecond, drainedAfterS, utilisation } = simulated;
    const shares = [utilisation.issuers, utilisation.pool, utilisation.queues, utilisation.consumers, utilisation.ledgers];
    const drained = drainedAfterS === null ? NOTHING : Math.round(drainedAfterS);
    const busy = shares.map(({ most }) => percent(most));
    return [configuration.name, ms(p99Ms), shed, Math.round(settledPerSecond), drained, ...busy, wordOf(verdict), verdict.bottleneck];
  });
  const heading = [
    "",
    "p99 ms",
    "shed",
    "settled/s",
    "drained s",
    "issuers",
    "pool",
    "queues",
    "consumers",
    "ledgers",
    "",
    "first bottleneck",
  ];
  terminal.say(`\n${table(heading, rows)}\n`);
}

async function runCheck(): Promise<number> {
  const { shards, seconds, rate } = values;
  const checked = await check(terminal, {
    shards: Number(shards),
    seconds: Number(seconds),
    rate: rate === undefined ? null : Number(rate),
  });
  showCheck(checked);
  await keepResult(terminal, "simulate-check", checked);
  return differences(checked).every(({ counts, by }) => !counts || Math.abs(by) <= MAX_DIFFERENCE) ? 0 : 1;
}

interface Difference {
  readonly what: string;
  readonly predicted: number;
  readonly real: number;
  readonly by: number;
  /** Whether it is to be small; latencies are for the record. */
  readonly counts: boolean;
}

function differences({ predicted, real }: Checked): Difference[] {
  const of = (what: string, key: keyof Figures, counts: boolean): Difference => ({
    what,
    predicted: predicted[key],
    real: real[key],
    by: predicted[key] / real[key] - 1,
    counts,
  });
  return [
    of("draws answered a second", "drawsPerSecond", true),
    of("events settled a second, in the load", "settledPerSecond", true),
    of("most blocks not acknowledged", "peakUnacknowledged", true),
    of("drained after, s", "drainS", true),
    of("the thread's time a draw, µs", "threadMicrosPerDraw", false),
    of("p50 of a call, ms", "p50Ms", false),
    of("p99 of a call, ms", "p99Ms", false),
  ];
}

function showCheck(checked: Checked): void {
  const { load, shards, contention } = checked;
  terminal.say(
    `\n${load.drawsPerSecond.toLocaleString("en")} draws/s for ${load.seconds} s in calls of ${load.bulk}, ${shards} shards, one thread for everything`,
  );
  const rows = differences(checked).map(({ what, predicted, real, by, counts }) => {
    const word = counts ? (Math.abs(by) <= MAX_DIFFERENCE ? "within 20 %" : "beyond 20 %") : "";
    return [what, predicted.toFixed(1), real.toFixed(1), `${by > 0 ? "+" : ""}${percent(by)} %`, word];
  });
  terminal.say(`\n${table(["", "predicted", "real", "difference", ""], rows)}\n`);
  terminal.say(
    `The thread took ${contention.measuring.toFixed(2)} times its own time while service times were measured, ${contention.running.toFixed(2)} times in the run; the simulation was told the latter.\n`,
  );
}
