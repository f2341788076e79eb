/** What the generator of an open load is told, and what it tells; both cross a process boundary. */
export interface OpenLoad {
  readonly port: number;
  /** HTTP/1.1 requests as they go over the wire, each sent once. */
  readonly requests: readonly Uint8Array[];
  /** Requests a second, at even distances, whether those before are answered or not. */
  readonly perSecond: number;
}

export interface OpenMeasured {
  readonly answered: number;
  /** Answered with another status than 200. */
  readonly failed: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** From when a request was due, not from when it could be sent. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}
