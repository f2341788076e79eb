import type { Counts } from "../../cost/counts.ts";
import type { Checked } from "../../scale/check/check.ts";
import type { Configuration, Verdict } from "../../scale/simulation/configurations.ts";
import type { Simulated } from "../../scale/simulation/simulate.ts";
import { lines } from "../plots.ts";
import type { Point } from "../plots.ts";
import { readResult } from "../../read-result.ts";
import type { Kept } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, plot, whole } from "../section.ts";
import type { Section } from "../section.ts";

interface ScaleResult {
  readonly ratePerShard: number;
  readonly lines: readonly {
    readonly shards: number;
    readonly cards: number;
    readonly counts: Counts;
    readonly anIssuer: { readonly heapBytes: number };
    readonly aCard: { readonly heapBytes: number };
  }[];
}

type Played = Configuration & Simulated & { readonly verdict: Verdict };

interface SimulateResult {
  readonly parameters: { readonly load: { readonly drawsPerSecond: number; readonly seconds: number; readonly bulk: number } };
  readonly cardsALedger: number;
  readonly configurations: readonly Played[];
  readonly variations: readonly Played[];
}

/** How cost grows with the issuers, and what 100,000 draws a second would come to. */
export async function scaleSection(): Promise<Section | null> {
  const scale = await readResult<ScaleResult>("scale");
  const simulated = await readResult<SimulateResult>("simulate");
  const check = await readResult<Checked>("simulate-check");
  if (scale === null && simulated === null) return null;
  return {
    title: "Towards 100,000 draws a second",
    plots: simulated === null ? {} : await plotsOf(simulated),
    body: [
      ...(scale === null ? [] : scaleParts(scale)),
      ...(simulated === null ? [] : simulatedParts(simulated)),
      ...(check === null ? [] : checkParts(check)),
    ],
  };
}

function scaleParts(result: Kept<ScaleResult>): string[] {
  const each = (counts: Counts, cards: number, name: string) => fixed((counts[name] ?? 0) / cards, 4);
  return [
    `What a card costs with ever more issuers, counted, at ${result.ratePerShard} cards a second each. ${circumstancesLine(result)}`,
    markdownTable(
      [
        "issuers",
        "leases a card",
        "rows in the pool a card",
        "messages a card",
        "events a block",
        "kB a block",
        "heap an issuer, kB",
        "heap a card, bytes",
      ],
      result.lines.map(({ shards, cards, counts, anIssuer, aCard }) => {
        const blocks = counts["card-events: messages"] ?? Number.NaN;
        return [
          shards,
          each(counts, cards, "pool: lease"),
          each(counts, cards, "pool: rows written"),
          each(counts, cards, "card-events: messages"),
          fixed(cards / blocks, 0),
          fixed((counts["card-events: bytes"] ?? Number.NaN) / blocks / 1_000, 1),
          fixed(anIssuer.heapBytes / 1_000, 0),
          fixed(aCard.heapBytes, 0),
        ];
      }),
    ),
  ];
}

function simulatedParts(result: Kept<SimulateResult>): string[] {
  const { parameters, configurations, variations, cardsALedger } = result;
  const { drawsPerSecond, seconds, bulk } = parameters.load;
  const row = ({ name, needs, verdict, p50Ms, p99Ms, shed, settledPerSecond, drainedAfterS }: Played, withNeeds: boolean) => [
    name,
    ...(withNeeds ? [needs] : []),
    whole(p50Ms),
    whole(p99Ms),
    whole(shed),
    whole(settledPerSecond),
    whole(drainedAfterS),
    verdict.holds ? "holds" : "**does not hold**",
    verdict.bottleneck,
  ];
  const heading = ["p50, ms", "p99, ms", "shed", "settled/s", "drained after, s", "", "first bottleneck"];
  return [
    `Simulated, event by event: ${whole(drawsPerSecond)} draws a second for ${seconds / 60} minutes, in calls of ${bulk}, to 200 issuers, by service times measured here and by what
Cloudflare documents; what no page says is assumed so that things look worse, and named (\`bench/scale/simulation/parameters.ts\`). It holds where nothing is shed,
p99 is below a second, and as long after the load everything is in the ledger, which has room for it. ${circumstancesLine(result)}`,
    markdownTable(
      ["", "needs", ...heading],
      configurations.map((one) => row(one, true)),
    ),
    plot("simulate-p99", "Latency of a call over the ten minutes"),
    plot("simulate-backlog", "Events that the ledger does not have"),
    `Issuing holds as it is. Settling into one D1 database does not: it holds ${whole(cardsALedger)} cards, and settles a fraction of the rate; the ${whole(drawsPerSecond * seconds)} of such ten minutes want
their shards spread over several, which a deployment has by binding them. Where it has too few, such a campaign's outbox fills, and its issuers refuse draws with
\`overloaded\` before anything is lost.`,
    "The last of them for a minute, with one thing changed:",
    markdownTable(
      ["", ...heading],
      variations.map((one) => row(one, false)),
    ),
  ];
}

function checkParts(result: Kept<Checked>): string[] {
  const { load, shards, predicted, real } = result;
  const rows = (
    [
      ["draws answered a second", "drawsPerSecond"],
      ["events settled a second, in the load", "settledPerSecond"],
      ["most blocks not acknowledged", "peakUnacknowledged"],
      ["drained after, s", "drainS"],
      ["p50 of a call, ms", "p50Ms"],
      ["p99 of a call, ms", "p99Ms"],
    ] as const
  ).map(([what, key]) => [what, fixed(predicted[key], 1), fixed(real[key], 1), `${fixed((predicted[key] / real[key] - 1) * 100, 0)} %`]);
  return [
    `The same simulation against the app itself, at what this machine can do: ${whole(load.drawsPerSecond)} draws a second for ${load.seconds} s in calls of ${load.bulk}, ${shards} shards, one thread for
everything, its service times measured just before. ${circumstancesLine(result)}`,
    markdownTable(["", "predicted", "real", "difference"], rows),
  ];
}

async function plotsOf({ configurations }: SimulateResult): Promise<Record<string, string>> {
  const of = (value: (second: Played["seconds"][number]) => number | null) =>
    configurations.flatMap(({ name, seconds }) =>
      seconds.flatMap((second): Point[] => {
        const y = value(second);
        return y === null ? [] : [{ x: second.atS, y, line: name }];
      }),
    );
  return {
    "simulate-p99": await lines(
      { x: "second", y: "p99 of a call, ms" },
      of(({ p99Ms }) => p99Ms),
    ),
    "simulate-backlog": await lines(
      { x: "second", y: "events not settled" },
      of(({ unsettledEvents }) => unsettledEvents),
    ),
  };
}
