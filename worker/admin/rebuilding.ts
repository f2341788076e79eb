import { instant } from "../cards/card.ts";
import type { Rebuild } from "../ledger/rebuild/under-way.ts";
import { Problem } from "../problem.ts";

/** `ledger_rebuilding`, with which rebuild is under way. */
export function rebuildingProblem({ source, startedAt }: Pick<Rebuild, "source" | "startedAt">): Problem {
  const since = instant(startedAt);
  const detail = `The campaign's ledger is being rebuilt from the ${source} since ${since}; the app goes on with it by itself`;
  return new Problem("ledger_rebuilding", detail, { members: { rebuild: { from: source, startedAt: since } } });
}
