import type { CheckedBooks } from "../../load/check-books.ts";
import type { Run } from "../../load/run.ts";
import type { Look } from "../../load/judge.ts";
import type { Found } from "../../load/search-rate.ts";
import { lines } from "../plots.ts";
import type { Point } from "../plots.ts";
import { readResult } from "../../read-result.ts";
import type { Kept } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, plot, whole } from "../section.ts";
import type { Section } from "../section.ts";

type LoadResult = Run & { readonly name: string; readonly what: string; readonly books: CheckedBooks | null };

interface SearchResult {
  readonly found: readonly Found[];
  readonly ratios: readonly { readonly name: string; readonly ratio: number }[];
}

interface SoakResult {
  readonly rate: number;
  readonly minutes: number;
  readonly rounds: readonly Run[];
  readonly looks: readonly Look[];
  readonly books: CheckedBooks;
}

const SCENARIOS = ["life", "everyone-wins", "red-envelope", "bulk", "spike"];

/** People who come at their time. */
export async function loadSection(): Promise<Section | null> {
  const results = await Promise.all(SCENARIOS.map((name) => readResult<LoadResult>(`load-${name}`)));
  const kept = results.filter((result) => result !== null);
  const search = await readResult<SearchResult>("load-life-search");
  const soak = await readResult<SoakResult>("load-soak");
  const wranglerDev = await readResult<LoadResult>("load-hello-wrangler-dev");
  if (kept.length === 0 && search === null) return null;
  const parts = [
    ...(search === null ? [] : searchParts(search)),
    ...(kept.length === 0 ? [] : scenarioParts(kept)),
    ...(soak === null ? [] : soakParts(soak)),
    ...(wranglerDev === null
      ? []
      : [
          `For the record, \`wrangler dev\` with its proxy before the Worker that says hello: ${whole(wranglerDev.requestsPerSecond)} requests/s came and were answered
with p50 ${fixed(wranglerDev.figures.overall.p50Ms, 1)} ms and p99 ${fixed(wranglerDev.figures.overall.p99Ms, 1)} ms (${circumstancesLine(wranglerDev)})`,
        ]),
  ];
  return { title: "People who come at their time", body: parts, plots: await plotsOf(kept, soak) };
}

function searchParts(search: Kept<SearchResult>): string[] {
  return [
    `How many lives a second hold with p99 below 250 ms, beside a Worker that says hello, by ${circumstancesLine(search)} A life is a signed draw, three looks at the card, a
scratch and a redemption, with what settles it and grants its reward on the same cores.`,
    markdownTable(
      ["scenario", "visits/s that hold", "requests/s", "p50, ms", "p99, ms", "CPU a request, µs", "tried, visits/s"],
      search.found.map(({ name, rate, requestsPerSecond, limitedByGenerator, confirmed, tries }) => [
        name,
        `${limitedByGenerator ? "≥ " : ""}${whole(rate)}`,
        whole(requestsPerSecond),
        fixed(confirmed?.figures.overall.p50Ms, 1),
        fixed(confirmed?.figures.overall.p99Ms, 1),
        whole(confirmed?.cpuMicrosPerRequest),
        tries.map(({ rate: tried, verdict }) => `${whole(tried)}${verdict.status === "held" ? "" : "✗"}`).join(" "),
      ]),
    ),
    search.ratios.map(({ name, ratio }) => `${name}, in requests a second: ${fixed(ratio, 2)}.`).join(" "),
  ];
}

function scenarioParts(kept: readonly Kept<LoadResult>[]): string[] {
  return [
    "Each scenario at a rate of its own; what they are is in [bench/README.md](bench/README.md). After each, every card that was answered is in the ledger once, and pool, issuers and ledger balance.",
    markdownTable(
      [
        "scenario",
        "visits/s",
        "requests/s",
        "p50, ms",
        "p99, ms",
        "p99.9, ms",
        "max, ms",
        "shed",
        "errors",
        "settled after, s",
        "cards",
        "",
      ],
      kept.map(({ name, planned, requestsPerSecond, figures, verdict, books }) => [
        name,
        fixed(planned, 0),
        whole(requestsPerSecond),
        fixed(figures.overall.p50Ms, 1),
        fixed(figures.overall.p99Ms, 1),
        fixed(figures.overall.p999Ms, 1),
        fixed(figures.overall.maxMs, 0),
        whole(figures.shed.calls + figures.shed.partly),
        whole(Object.values(figures.errors).reduce((sum, one) => sum + one, 0)),
        fixed(books?.settledInSeconds, 1),
        whole(books?.cards),
        verdict.status === "held" && (books?.faults.length ?? 0) === 0 ? "held" : `**${verdict.status}**`,
      ]),
    ),
    ...(kept.some(({ name }) => name === "spike")
      ? ["A spike, second by second:", plot("spike", "Calls due, answered and shed in each second of a spike")]
      : []),
    [...new Set(kept.map(circumstancesLine))].join(" "),
  ];
}

function soakParts(soak: Kept<SoakResult>): string[] {
  const p99 = Math.max(...soak.rounds.map(({ figures }) => figures.overall.p99Ms));
  return [
    `Lives for ${soak.minutes} minutes at ${soak.rate} a second, by ${circumstancesLine(soak)} The slowest minute's p99 was ${fixed(p99, 0)} ms; ${whole(soak.books.cards)} cards, all in the ledger
${fixed(soak.books.settledInSeconds, 1)} s after the last, ${whole(soak.books.rewards.granted)} rewards granted, ${whole(soak.books.rewards.failed)} failed.`,
    plot("soak", "The server's memory over the soak"),
  ];
}

async function plotsOf(kept: readonly LoadResult[], soak: SoakResult | null): Promise<Record<string, string>> {
  const spike = kept.find(({ name }) => name === "spike");
  const plots: Record<string, string> = {};
  if (spike !== undefined) {
    const points = spike.figures.timeline.flatMap(({ second, due, answered, shed }): Point[] => [
      { x: second, y: due, line: "due" },
      { x: second, y: answered, line: "answered" },
      { x: second, y: shed, line: "told to come again" },
    ]);
    plots["spike"] = await lines({ x: "second", y: "calls" }, points);
  }
  if (soak !== null) {
    const points = soak.looks.map(({ seconds, rssMb }): Point => ({ x: seconds / 60, y: rssMb, line: "resident memory, MB" }));
    plots["soak"] = await lines({ x: "minute", y: "MB" }, points);
  }
  return plots;
}
