/** What the load generator is told to do, and what it tells; both cross a process boundary. */
export interface Shot {
  readonly port: number;
  /** HTTP/1.1 requests as they go over the wire. */
  readonly requests: readonly Uint8Array[];
  /** Each request is sent once at most; else they are sent in turn, again and again. */
  readonly once: boolean;
  readonly connections: number;
  /** Answers are not counted before. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Measured {
  readonly answered: number;
  /** Answered with another status than 200. */
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the generator by the clock's: close to 1, and it is the generator that was measured. */
  readonly busy: number;
}
