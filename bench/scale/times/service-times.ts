/**
 * What each part of the app takes of one thread on this machine: CPU time of workerd's serving thread, in milliseconds, so that what else the machine does is
 * not in it; what a disk makes wait is apart.
 */
export interface ServiceTimes {
  /** The Worker at the edge: signature, schema, routing, answer. */
  readonly edge: { readonly perRequest: number; readonly perDraw: number };
  /** An RPC to an object, both ends of it. */
  readonly call: { readonly perCall: number; readonly perDraw: number };
  /** An issuer. `perDraw` has its share of the blocks' events, of the index and of taking leases; `perBlock` is to seal, keep and send one. `perOrder`: a reveal or a redemption. */
  readonly issuer: { readonly perFlush: number; readonly perDraw: number; readonly perBlock: number; readonly perOrder: number };
  /** An issuer is told of blocks that the ledger has; the RPC is in it. */
  readonly acknowledge: { readonly perCall: number; readonly perBlock: number };
  /** The pool gives a lease; the RPC is in it. */
  readonly lease: { readonly perLease: number; readonly perCard: number };
  /** A consumer's own work on a batch of blocks: hash, parse, fold, write as JSON. */
  readonly consumer: { readonly perBlock: number; readonly perEvent: number };
  /** D1: all that a settlement takes beside the consumer, the lake and the acknowledgement, with what brings it there. `perLifeEvent`: of a block of reveals and redemptions. */
  readonly ledger: { readonly perBatch: number; readonly perBlock: number; readonly perCard: number; readonly perLifeEvent: number };
  /** The stand-ins of this machine for what elsewhere are other machines: the lake and the queue, both ways. */
  readonly local: { readonly archivePerBlock: number; readonly queuePerBlock: number };
  /** How long the thread waits for the disk. */
  readonly disk: { readonly perCommit: number; readonly perArchivedBlock: number; readonly perSettledBatch: number };
}

/** How large things are, in bytes. */
export interface Sizes {
  readonly event: number;
  readonly lifeEvent: number;
  /** A card in the parameter that D1 is sent. */
  readonly cardParameter: number;
  readonly cardInLedger: number;
  readonly cardInIssuer: number;
}

/** How good the fits are: the worst relative error of each. */
export type FitErrors = Readonly<Record<string, number>>;

export interface MeasuredTimes {
  readonly times: ServiceTimes;
  readonly sizes: Sizes;
  readonly errors: FitErrors;
  /** What D1 itself says that its statements take: less than what a settlement costs it. */
  readonly sqlPerCard: number;
  /** How often longer the thread took than it had the core and the disk: what else the machine did. */
  readonly contention: number;
}
