/** A block of events from the moment it is sealed until its issuer knows that the ledger has it. */
export interface SimulatedBlock {
  readonly issuer: number;
  readonly events: number;
  readonly bytes: number;
  attempts: number;
  sendAtMs: number;
  settled: boolean;
  acknowledged: boolean;
}
