/** A call as its caller saw it. Times are the caller's own: `returnedAt` of one is less than `calledAt` of another where the first was over before the second began. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** Null: the caller does not know what came of it. It may be done at any time after the call, or never. */
  readonly output: Output | null;
  readonly calledAt: number;
  /** Of no meaning where the output is null. */
  readonly returnedAt: number;
}

/** What a thing does when it is asked one thing at a time. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The states that `input` may lead to when it is answered `output` (null: whatever it is answered); none where it cannot be answered so. */
  step(state: State, input: Input, output: Output | null): readonly State[];
  /** Equal for equal states. */
  key(state: State): string;
}

export type Verdict<Input, Output> =
  | { readonly status: "linearizable" }
  /** `furthest`: the longest order that explains some of the calls; `stuck`: those of the others that could have come next. */
  | {
      readonly status: "not_linearizable";
      readonly furthest: readonly Operation<Input, Output>[];
      readonly stuck: readonly Operation<Input, Output>[];
    }
  /** More had to be tried than was allowed. */
  | { readonly status: "undecided" };

/** Orders begun; seconds of work. A history that needs more has too many calls of unknown outcome. */
const MAX_TRIED = 1_000_000;

interface Begun<State> {
  readonly state: State;
  /** Calls already ordered, a bit each. */
  readonly done: bigint;
  readonly order: readonly number[];
}

/**
 * Whether some order of the calls, each between its call and its return, is what `model` does one at a time: Wing and Gong's search
 * (https://doi.org/10.1006/jpdc.1993.1015), with Lowe's memory of what was tried (https://doi.org/10.1002/cpe.3928).
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  maxTried: number = MAX_TRIED,
): Verdict<Input, Output> {
  const ends = history.map(({ output, returnedAt }) => (output === null ? Number.POSITIVE_INFINITY : returnedAt));
  const wanted = history.reduce((bits, { output }, i) => (output === null ? bits : bits | bit(i)), 0n);
  const tried = new Set<string>();
  const open: Begun<State>[] = [{ state: model.initial, done: 0n, order: [] }];
  let furthest: readonly number[] = [];
  for (let begun = open.pop(); begun !== undefined; begun = open.pop()) {
    const { state, done, order } = begun;
    if ((done & wanted) === wanted) return { status: "linearizable" };
    const name = `${done.toString(36)} ${model.key(state)}`;
    if (tried.has(name)) continue;
    if (tried.size >= maxTried) return { status: "undecided" };
    tried.add(name);
    if (order.length > furthest.length) furthest = order;
    for (const i of nextCalls(history, ends, done).toReversed()) {
      const call = history[i];
      if (call === undefined) continue;
      for (const after of model.step(state, call.input, call.output))
        open.push({ state: after, done: done | bit(i), order: [...order, i] });
    }
  }
  const done = furthest.reduce((bits, i) => bits | bit(i), 0n);
  const at = (i: number) => history[i] as Operation<Input, Output>;
  return { status: "not_linearizable", furthest: furthest.map(at), stuck: nextCalls(history, ends, done).map(at) };
}

/** Calls that may be ordered next: no other that waits for its turn was over before they began. Those whose outcome is known come first. */
function nextCalls(history: readonly Operation<unknown, unknown>[], ends: readonly number[], done: bigint): number[] {
  let firstEnd = Number.POSITIVE_INFINITY;
  const waiting: number[] = [];
  for (const [i, end] of ends.entries()) {
    if ((done & bit(i)) !== 0n) continue;
    waiting.push(i);
    firstEnd = Math.min(firstEnd, end);
  }
  const may = waiting.filter((i) => (history[i]?.calledAt ?? 0) <= firstEnd);
  return may.toSorted((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0));
}

function bit(i: number): bigint {
  return 1n << BigInt(i);
}
