import type { Terminal } from "../../scripts/terminal.ts";
import { settle } from "../../soak/play/settle.ts";
import { checkBooks } from "./check-books.ts";
import { runLoad } from "./run.ts";
import type { Play, Run } from "./run.ts";
import { afterTry, beginSearch, isOpen } from "./search.ts";
import type { Search } from "./search.ts";
import { showBooks, showRun, showVerdict } from "./show.ts";

/** How long a try takes, and how long it has to hold to be believed. */
interface SearchTimes {
  readonly trySeconds: number;
  readonly confirmSeconds: number;
}

/** The search of one scenario. */
interface Hunt {
  readonly play: Play;
  readonly search: Search;
  readonly tries: readonly Try[];
  /** The long run that held. */
  readonly confirmed: Run | null;
}

interface Try {
  readonly rate: number;
  readonly seconds: number;
  readonly p99Ms: number;
  readonly verdict: Run["verdict"];
}

/** Searches the highest rate that holds for each of the plays, one try of each in turn, so that what the machine does meets all. */
export async function searchRates(terminal: Terminal, plays: readonly Play[], times: SearchTimes): Promise<readonly Hunt[]> {
  let hunts = plays.map((play): Hunt => ({ play, search: beginSearch(play.scenario.rate), tries: [], confirmed: null }));
  while (hunts.some(({ search }) => isOpen(search))) {
    const next: Hunt[] = [];
    for (const hunt of hunts) next.push(await goOn(terminal, hunt, times));
    hunts = next;
  }
  return hunts;
}

async function goOn(terminal: Terminal, hunt: Hunt, { trySeconds, confirmSeconds }: SearchTimes): Promise<Hunt> {
  const { play, search, tries } = hunt;
  if (!isOpen(search)) return hunt;
  const seconds = search.status === "confirming" ? confirmSeconds : trySeconds;
  let run = await tryOnce(terminal, play, search.rate, seconds);
  const made = [tryOf(run, seconds)];
  // Once may be the machine's fault.
  if (run.verdict.status !== "held") {
    run = await tryOnce(terminal, play, search.rate, seconds);
    made.push(tryOf(run, seconds));
  }
  const holds = run.verdict.status === "held";
  const after = afterTry(search, holds);
  return { play, search: after, tries: [...tries, ...made], confirmed: after.status === "found" ? run : null };
}

async function tryOnce(terminal: Terminal, play: Play, rate: number, seconds: number): Promise<Run> {
  const { name, campaign } = play.scenario;
  const run = await runLoad(play, rate, seconds);
  terminal.say(
    `  ${name} at ${rate.toFixed(0)}/s for ${seconds} s: p99 ${run.figures.overall.p99Ms.toFixed(0)} ms, ` +
      `${run.requestsPerSecond.toFixed(0)} requests/s, lag ${run.figures.lag.p99Ms.toFixed(0)} ms: ${run.verdict.status}`,
  );
  // What it leaves to be settled is not to weigh on the next.
  if (campaign !== null) await settle(play.scene.stage.admin, play.scene.campaign);
  return run;
}

function tryOf({ rate, figures, verdict }: Run, seconds: number): Try {
  return { rate, seconds, p99Ms: figures.overall.p99Ms, verdict };
}

/** What a search has found, as it is kept. */
export interface Found {
  readonly name: string;
  readonly rate: number | null;
  readonly requestsPerSecond: number | null;
  /** No more than the generator could send: the server may hold more. */
  readonly limitedByGenerator: boolean;
  readonly confirmed: Run | null;
  readonly tries: readonly Try[];
}

function foundBy({ play, confirmed, tries }: Hunt): Found {
  return {
    name: play.scenario.name,
    rate: confirmed?.rate ?? null,
    requestsPerSecond: confirmed?.requestsPerSecond ?? null,
    limitedByGenerator: limitedByGenerator(tries, confirmed?.rate ?? 0),
    confirmed,
    tries,
  };
}

/** Whether the lowest rate above the one found did not hold for the generator's sake. */
function limitedByGenerator(tries: readonly Try[], rate: number): boolean {
  const above = tries.filter((one) => one.rate > rate && one.verdict.status !== "held");
  const lowest = Math.min(...above.map((one) => one.rate));
  return above.some((one) => one.rate === lowest && one.verdict.status === "refused");
}

/** Prints what was found, and of the first its ratio to each other; whether all is well. */
export async function reportHunts(
  terminal: Terminal,
  hunts: readonly Hunt[],
): Promise<{ readonly result: object; readonly well: boolean }> {
  const found = hunts.map(foundBy);
  for (const { play, confirmed } of hunts) {
    if (confirmed === null) {
      terminal.say(`\n${play.scenario.name}: nothing holds`);
      continue;
    }
    showRun(terminal, play.scenario.name, confirmed);
    showVerdict(terminal, confirmed, play.scenario.bounds);
  }
  const [own, ...others] = found;
  const ratios = others.map(({ name, requestsPerSecond }) => ({
    name: `${own?.name} ÷ ${name}`,
    ratio: (own?.requestsPerSecond ?? Number.NaN) / (requestsPerSecond ?? Number.NaN),
  }));
  terminal.say("");
  for (const { name, rate, requestsPerSecond, limitedByGenerator: limited } of found)
    terminal.say(
      `${name}: ${rate?.toFixed(0) ?? "no"} visits/s, ${requestsPerSecond?.toFixed(0) ?? "no"} requests/s${limited ? ", no more than the generator could send" : ""}`,
    );
  for (const { name, ratio } of ratios) terminal.say(`${name} in requests a second: ${ratio.toFixed(3)}`);
  const books = [];
  for (const { play } of hunts) if (play.scenario.campaign !== null) books.push(await checkBooks(play, terminal));
  for (const one of books) showBooks(terminal, one);
  const well = found.every(({ rate }) => rate !== null) && books.every(({ faults }) => faults.length === 0);
  return { result: { found, ratios, books }, well };
}
