/** What the timing Worker can be told to do, again and again; crosses HTTP as JSON. Where it says `rounds`, one begins when the one before is done. */
export type Task =
  /** So many calls at once, of so many draws each, to an object that touches no storage. */
  | { readonly what: "call"; readonly calls: number; readonly draws: number; readonly rounds: number }
  /** A row of a transaction of its own, and the answer held back until it is on disk. */
  | { readonly what: "commit"; readonly rounds: number }
  /**
   * So many calls at once, of so many draws each, to each of the campaign's issuers; `sealed`: after each round what they made is cut into blocks. All are
   * sent in the end.
   */
  | {
      readonly what: "draw";
      readonly campaign: string;
      readonly shards: number;
      readonly calls: number;
      readonly draws: number;
      readonly rounds: number;
      readonly sealed: boolean;
    }
  /** So many cards are revealed, then redeemed, each by a call of its own; what they tell is cut into blocks. */
  | { readonly what: "live"; readonly campaign: string; readonly cards: number }
  /** The first issuer is told that the ledger has so many of its blocks. */
  | { readonly what: "acknowledge"; readonly campaign: string; readonly blocks: number; readonly rounds: number }
  /** The pool is asked for so many cards. */
  | { readonly what: "lease"; readonly campaign: string; readonly cards: number; readonly rounds: number }
  /** Batches of so many blocks are checked, read and folded, as before they are written; the same blocks each time. */
  | { readonly what: "read"; readonly campaign: string; readonly blocks: number; readonly rounds: number }
  /** So many blocks are put into the lake, each round the same. */
  | { readonly what: "archive"; readonly campaign: string; readonly blocks: number; readonly rounds: number }
  /** Batches of so many blocks go through the consumer as the queue would bring them. */
  | { readonly what: "settle"; readonly campaign: string; readonly blocks: number; readonly rounds: number }
  /** So many blocks go through the queue to a consumer that does nothing with them. */
  | { readonly what: "queue"; readonly campaign: string; readonly blocks: number }
  /** How much is stored by the first issuer and the ledger, and how often issuers have stored anything. */
  | { readonly what: "state"; readonly campaign: string };

/** What was done; what does not apply is 0. */
export interface Done {
  readonly calls: number;
  readonly draws: number;
  readonly flushes: number;
  readonly batches: number;
  readonly blocks: number;
  readonly events: number;
  readonly bytes: number;
  /** Of the `state` task. */
  readonly issuerBytes: number;
  readonly ledgerBytes: number;
  /** What D1 says that its statements took. */
  readonly sqlMs: number;
}

export const NOTHING_DONE: Done = {
  calls: 0,
  draws: 0,
  flushes: 0,
  batches: 0,
  blocks: 0,
  events: 0,
  bytes: 0,
  issuerBytes: 0,
  ledgerBytes: 0,
  sqlMs: 0,
};
