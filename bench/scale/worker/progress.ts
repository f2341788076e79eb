/** How far settlement is, as `/progress` tells it. */
export interface Progress {
  readonly sentBlocks: number;
  /** Blocks that were sent and not acknowledged. */
  readonly unacknowledged: number;
  /** The most of them since this was asked last. */
  readonly mostUnacknowledged: number;
  readonly acknowledgedEvents: number;
}
