import { bars } from "../plots.ts";
import { readResult } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, plot, verdict, whole } from "../section.ts";
import type { Section } from "../section.ts";

interface PeersResult {
  readonly rounds: number;
  readonly syncsPerSecond: number;
  readonly figures: readonly {
    readonly name: string;
    readonly what: string;
    readonly drawsPerSecond: number;
    readonly requestsPerSecond: number;
    readonly cpuMicrosPerDraw: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  }[];
  readonly ratios: readonly {
    readonly name: string;
    readonly median: number;
    readonly target: number | null;
    readonly rounds: readonly number[];
  }[];
}

const LIMITS = ["hello", "rpc", "insert"];
const KUJI = /^kuji/;
const BULK = / × \d+$/;

/** Kuji beside what people would use instead. */
export async function peersSection(): Promise<Section | null> {
  const result = await readResult<PeersResult>("peers");
  if (result === null) return null;
  const { figures, ratios, syncsPerSecond } = result;
  const drawing = figures.filter(({ name }) => !LIMITS.includes(name));
  const barsOf = async (those: typeof figures) =>
    await bars(
      "draws a second",
      those.map(({ name, drawsPerSecond }) => ({ name, value: Math.round(drawsPerSecond), kind: KUJI.test(name) ? "Kuji" : "others" })),
    );
  return {
    title: "Kuji beside what people would use instead",
    plots: {
      "peers-single": await barsOf(drawing.filter(({ name }) => !BULK.test(name))),
      "peers-bulk": await barsOf(drawing.filter(({ name }) => BULK.test(name))),
    },
    body: [
      circumstancesLine(result),
      `The same signed draw, of all the same: an answer is on disk before it is given (but for Tornado's), a repeat gets the same card, nobody gets more than a
recipient may have, no card is issued twice, and each can be read at once. A peer that does not keep this, under kills as well, is not measured
(\`bench/peers/conform.ts\`). Server and load generator share the two cores. All take turns within a round; what counts is a ratio of one round.`,
      "One draw a request:",
      plot("peers-single", "Draws a second at one draw a request"),
      "A hundred draws a request:",
      plot("peers-bulk", "Draws a second at a hundred draws a request"),
      markdownTable(
        ["", "requests/s", "draws/s", "CPU a draw, µs", "p50, ms", "p99, ms", "what it is"],
        figures.map((figure) => [
          figure.name,
          whole(figure.requestsPerSecond),
          LIMITS.includes(figure.name) ? "–" : whole(figure.drawsPerSecond),
          fixed(figure.cpuMicrosPerDraw, 1),
          fixed(figure.p50Ms, 1),
          fixed(figure.p99Ms, 1),
          figure.what,
        ]),
      ),
      `The disk puts ${whole(syncsPerSecond)} pages a second to rest, each before the next.`,
      markdownTable(
        ["ratio", "median", "target", "by round"],
        ratios.map(({ name, median, target, rounds }) => [
          name,
          fixed(median, 2),
          verdict(median, target),
          rounds.map((one) => fixed(one, 2)).join(" "),
        ]),
      ),
      `_kuji_ is all of it in one workerd, whose Workers and objects share one thread; _kuji apart_ has the Worker in one process and the objects in another, as the
platform has them on threads of their own, and as the other peers have a server and a store: there the Worker calls through a proxy of Miniflare's, which
costs a draw of its own as much again as the draw, and a hundred hardly anything.`,
    ],
  };
}
