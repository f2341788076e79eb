/** Where the search for the highest rate that holds stands; `rate` is what is to be tried next. */
export type Search =
  /** Twice as much each time until something does not hold, or half as much until something does. */
  | { readonly status: "doubling" | "halving"; readonly rate: number }
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
/** Of what does not hold for long, less is tried. */
const STEP_BACK = 0.93;
const MAX_CONFIRMATIONS = 8;

export function beginSearch(rate: number): Search {
  return { status: "doubling", rate };
}

/** Whether another try is wanted, a short or a long one. */
export function isOpen(search: Search): search is Exclude<Search, { readonly status: "found" | "nothing" }> {
  return search.status !== "found" && search.status !== "nothing";
}

/** The search after the try of its rate. */
export function afterTry(search: Search, holds: boolean): Search {
  switch (search.status) {
    case "doubling": {
      const { rate } = search;
      if (holds) return rate * 2 > MAX_RATE ? { status: "confirming", rate, tries: 0 } : { status: "doubling", rate: rate * 2 };
      return { status: "halving", rate: rate / 2 };
    }
    case "halving": {
      const { rate } = search;
      if (holds) return narrow(rate, rate * 2);
      return rate / 2 < MIN_RATE ? { status: "nothing" } : { status: "halving", rate: rate / 2 };
    }
    case "narrowing":
      return holds ? narrow(search.rate, search.broken) : narrow(search.held, search.rate);
    case "confirming": {
      const { rate, tries } = search;
      if (holds) return { status: "found", rate };
      const less = rate * STEP_BACK;
      return less < MIN_RATE || tries + 1 >= MAX_CONFIRMATIONS
        ? { status: "nothing" }
        : { status: "confirming", rate: less, tries: tries + 1 };
    }
    case "found":
    case "nothing":
      return search;
  }
}

function narrow(held: number, broken: number): Search {
  if (broken / held <= CLOSE) return { status: "confirming", rate: held, tries: 0 };
  return { status: "narrowing", rate: Math.sqrt(held * broken), held, broken };
}
