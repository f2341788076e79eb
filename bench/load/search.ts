/** Where the search for the highest rate that holds stands; `rate` is what is to be tried next. */
export type Search =
  /** Twice as much each time, until something does not hold. */
  | { readonly status: "doubling"; readonly rate: number; readonly held: number | null }
  /** Half as much each time, until something holds. */
  | { readonly status: "halving"; readonly rate: number; readonly broken: number }
  | { readonly status: "narrowing"; readonly rate: number; readonly held: number; readonly broken: number }
  /** A longer try of what held in a short one. */
  | { readonly status: "confirming"; readonly rate: number; readonly tries: number }
  | { readonly status: "found"; readonly rate: number }
  /** Nothing holds that is worth a name. */
  | { readonly status: "nothing" };

/** What holds and what does not lie no further apart: a longer search would find the machine's mood. */
const CLOSE = 1.06;
const MIN_RATE = 1;
const MAX_RATE = 100_000;
/** Of what does not hold for long, less is tried, with a longer step each time. */
const STEP_BACK = 0.94;
const MAX_CONFIRMATIONS = 7;

export function beginSearch(rate: number): Search {
  return { status: "doubling", rate, held: null };
}

/** Whether another try is wanted, a short or a long one. */
export function isOpen(search: Search): search is Exclude<Search, { readonly status: "found" | "nothing" }> {
  return search.status !== "found" && search.status !== "nothing";
}

/** The search after the try of its rate. */
export function afterTry(search: Search, holds: boolean): Search {
  switch (search.status) {
    case "doubling": {
      const { rate, held } = search;
      if (holds) return rate * 2 > MAX_RATE ? confirm(rate, 0) : { status: "doubling", rate: rate * 2, held: rate };
      return held === null ? halve(rate) : narrow(held, rate);
    }
    case "halving":
      return holds ? narrow(search.rate, search.broken) : halve(search.rate);
    case "narrowing":
      return holds ? narrow(search.rate, search.broken) : narrow(search.held, search.rate);
    case "confirming":
      if (holds) return { status: "found", rate: search.rate };
      return confirm(search.rate * STEP_BACK ** (search.tries + 1), search.tries + 1);
    case "found":
    case "nothing":
      return search;
  }
}

function halve(broken: number): Search {
  return broken / 2 < MIN_RATE ? { status: "nothing" } : { status: "halving", rate: broken / 2, broken };
}

function narrow(held: number, broken: number): Search {
  if (broken / held <= CLOSE) return confirm(held, 0);
  return { status: "narrowing", rate: Math.sqrt(held * broken), held, broken };
}

function confirm(rate: number, tries: number): Search {
  return rate < MIN_RATE || tries === MAX_CONFIRMATIONS ? { status: "nothing" } : { status: "confirming", rate, tries };
}
