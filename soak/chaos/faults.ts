const CALL_FAULTS = ["slow", "error", "reply lost", "flaky"] as const;
const SEND_FAULTS = [...CALL_FAULTS, "lost", "doubled"] as const;
const BATCH_FAULTS = ["dropped", "doubled", "reordered", "crash"] as const;

/** What the Worker's own calls can suffer, by what is called; `… batches` is what a queue hands its consumer. */
export const INNER_FAULTS = {
  ledger: CALL_FAULTS,
  lake: CALL_FAULTS,
  config: CALL_FAULTS,
  pool: CALL_FAULTS,
  issuer: CALL_FAULTS,
  gate: CALL_FAULTS,
  "card-events": SEND_FAULTS,
  rewards: SEND_FAULTS,
  "card-events batches": BATCH_FAULTS,
  "rewards batches": BATCH_FAULTS,
} as const;
export type InnerTarget = keyof typeof INNER_FAULTS;
/** `reply lost`: it was done, and nobody heard of it. `flaky`: any of it, now and then. */
export type InnerFault = (typeof INNER_FAULTS)[InnerTarget][number];

/** Objects that are reset in the middle of whatever they do. */
export const RESET_TARGETS = ["pool", "issuer", "gate"] as const;
export type ResetTarget = (typeof RESET_TARGETS)[number];

/** What the systems outside can do, as `POST /sandbox/faults` calls it. */
export const OUTER_FAULTS = {
  rewards: ["down", "error", "slow", "timeout", "limited", "flaky"],
  line: ["down", "error", "slow", "flaky"],
} as const;
export type OuterTarget = keyof typeof OUTER_FAULTS;

/** Body of `POST /chaos`: a fault that holds until another is set for the target; null ends it. */
export interface InnerCommand {
  readonly target: InnerTarget;
  readonly fault: InnerFault | null;
}
