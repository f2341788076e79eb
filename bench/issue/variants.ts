/** One thing that is measured, by a request that says nothing new: the Worker makes its own request ids. */
export interface Variant {
  readonly name: string;
  readonly what: string;
  /** Draws that one request makes; 0 where it makes none. */
  readonly draws: number;
}

export const BULK = 100;

/** From nothing to a draw as a partner makes it. */
export const VARIANTS = [
  { name: "hello", what: "a Worker that says hello", draws: 0 },
  { name: "plain face", what: "a Worker that answers as many bytes as a face has, by Hono", draws: 0 },
  { name: "face", what: "a card's face by the app, for users who have a page open", draws: 0 },
  { name: "first face", what: "the same, each for a user of whom nothing is remembered", draws: 0 },
  { name: "rpc", what: "an RPC to a Durable Object that touches no storage", draws: 1 },
  { name: "wait", what: "that waits for its company, as group commit does", draws: 1 },
  { name: "insert", what: "and stores one row a flush", draws: 1 },
  { name: "journal", what: "with what was asked in it", draws: 1 },
  { name: "draw", what: "a draw, from RPC to commit", draws: 1 },
  { name: "rpc of 100", what: "100 draws in an RPC that touches no storage", draws: BULK },
  { name: "bulk", what: "100 draws in an RPC, to commit", draws: BULK },
  { name: "signed", what: "a draw over HTTP: signature, schema, routing and all", draws: 1 },
  { name: "signed bulk", what: "100 draws over HTTP", draws: BULK },
] as const satisfies readonly Variant[];

export type VariantName = (typeof VARIANTS)[number]["name"];

/** What is to be seen from the figures: one variant's rate by another's, in draws where both draw. */
export interface Ratio {
  readonly name: string;
  readonly of: VariantName;
  readonly by: VariantName;
  readonly target: number | null;
}

export const RATIOS: readonly Ratio[] = [
  { name: "draw ÷ rpc", of: "draw", by: "rpc", target: 0.65 },
  { name: "bulk ÷ draw", of: "bulk", by: "draw", target: 10 },
  { name: "face ÷ hello", of: "face", by: "hello", target: 0.7 },
  { name: "first face ÷ hello", of: "first face", by: "hello", target: null },
  { name: "face ÷ plain face", of: "face", by: "plain face", target: null },
  { name: "plain face ÷ hello", of: "plain face", by: "hello", target: null },
  { name: "wait ÷ rpc", of: "wait", by: "rpc", target: null },
  { name: "insert ÷ rpc", of: "insert", by: "rpc", target: null },
  { name: "journal ÷ rpc", of: "journal", by: "rpc", target: null },
  { name: "bulk ÷ rpc of 100", of: "bulk", by: "rpc of 100", target: null },
  { name: "signed ÷ draw", of: "signed", by: "draw", target: null },
  { name: "signed bulk ÷ signed", of: "signed bulk", by: "signed", target: null },
];
