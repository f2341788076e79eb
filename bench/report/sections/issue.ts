import { readResult } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, verdict, whole } from "../section.ts";
import type { Section } from "../section.ts";
import type { Figure, RatioFigure } from "../../issue/summarize.ts";
import { VARIANTS } from "../../issue/variants.ts";

interface IssueResult {
  readonly figures: Readonly<Record<string, Figure>>;
  readonly ratios: Readonly<Record<string, RatioFigure>>;
}

/** From a Worker that says hello to a signed draw. */
export async function issueSection(): Promise<Section | null> {
  const result = await readResult<IssueResult>("issue");
  if (result === null) return null;
  const rows = VARIANTS.flatMap(({ name, what }) => {
    const figure = result.figures[name];
    if (figure === undefined) return [];
    return [
      [
        name,
        whole(figure.requestsPerSecond),
        whole(figure.drawsPerSecond),
        whole(figure.serverCpuMicrosPerRequest),
        fixed(figure.p50Ms, 1),
        fixed(figure.p99Ms, 1),
        what,
      ],
    ];
  });
  return {
    title: "What issuing costs",
    body: [
      circumstancesLine(result),
      markdownTable(["variant", "requests/s", "draws/s", "server CPU a request, µs", "p50, ms", "p99, ms", "what it is"], rows),
      markdownTable(
        ["ratio", "median", "target", "by round"],
        Object.entries(result.ratios).map(([name, { median, target, rounds }]) => [
          name,
          fixed(median, 2),
          verdict(median, target),
          rounds.map((one) => fixed(one, 2)).join(" "),
        ]),
      ),
      `_draw_ is from the RPC to the commit, _rpc_ the same call to an object that touches no storage, _wait_, _insert_ and _journal_ stand in between. _signed_ is the
whole way of a partner's call. _face_ is read three times by each of many users whose session this isolate has checked within the minute, as after opening a
page; _first face_ once by users of whom nothing is remembered.`,
    ],
  };
}
