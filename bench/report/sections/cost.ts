import { PRICES } from "../../cost/prices.ts";
import type { Bill } from "../../cost/prices.ts";
import type { Counts } from "../../cost/counts.ts";
import { bars } from "../plots.ts";
import { readResult } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, plot } from "../section.ts";
import type { Section } from "../section.ts";

interface CostResult {
  readonly lines: readonly { readonly name: string; readonly cards: number; readonly cardsPerSecond: number; readonly counts: Counts }[];
  readonly pricedAt: string;
  readonly bills: readonly (Bill & { readonly name: string })[];
}

/** What the platform would count of a card's life, and what it would ask for it. */
export async function costSection(): Promise<Section | null> {
  const result = await readResult<CostResult>("cost");
  if (result === null) return null;
  const { lines, bills, pricedAt } = result;
  const naive = bills.at(-1)?.total ?? Number.NaN;
  const counted = [...new Set(lines.flatMap(({ counts }) => Object.keys(counts)))].toSorted();
  return {
    title: "What a card costs",
    plots: {
      cost: await bars(
        "dollars a million card lives",
        bills.map(({ name, total }) => ({ name, value: total, kind: name.startsWith("naive") ? "others" : "Kuji" })),
      ),
    },
    body: [
      circumstancesLine(result),
      `Counted, not timed: what the platform would bill for a life, a draw, three looks at the card, a scratch and a redemption, until all of it is in the ledger. One
card in seven has a reward that another system grants. Beside it the same life in the Durable Object that comes to mind first: a call and its rows for each
step, each event a message and a statement of its own, and indexes in D1 that answer the same questions.`,
      plot("cost", "Dollars a million card lives"),
      markdownTable(
        [`dollars a million lives, prices of ${pricedAt}`, ...bills.map(({ name }) => name)],
        [
          ...PRICES.map(({ name, source }) => [`[${name}](${source})`, ...bills.map(({ items }) => fixed(items[name], 2))]),
          ["all", ...bills.map(({ total }) => fixed(total, 2))],
          ["÷ the naive design", ...bills.map(({ total }) => fixed(total / naive, 2))],
        ],
      ),
      "A page's first visit asks for a session besides. CPU time, two cents a million milliseconds, and storage are not in it.",
      "What was counted, a card:",
      markdownTable(
        ["a card", ...lines.map(({ name }) => name)],
        [
          ...counted.map((name) => [name, ...lines.map(({ counts, cards }) => fixed((counts[name] ?? 0) / cards, 3))]),
          ["cards a second", ...lines.map(({ cardsPerSecond }) => fixed(cardsPerSecond, 0))],
        ],
      ),
    ],
  };
}
