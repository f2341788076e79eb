import type { GateReport, PermitReply, PermitRequest, RewardGateRpc } from "../../durable-objects/protocol.ts";

/** When the gate itself does not answer, and how long it may take over an answer: it does no I/O but its own storage's. */
const GATE_LOST_MS = 5_000;
const GATE_ANSWER_MS = 5_000;

/** The way to a gate. */
export interface GateAccess {
  /** A stub of the gate; a fresh one for each call. */
  readonly stub: () => Pick<RewardGateRpc, "acquire" | "report">;
  readonly wait: (ms: number) => Promise<void>;
}

/** Asks a gate for permits; one that does not answer gives none. */
export async function askForPermits({ stub, wait }: GateAccess, request: PermitRequest): Promise<PermitReply> {
  try {
    return await inTime(stub().acquire(request), wait);
  } catch (error) {
    console.error(JSON.stringify({ message: "a reward gate did not answer", provider: request.provider, error: String(error) }));
    return { permits: 0, retryAfterMs: GATE_LOST_MS };
  }
}

/** Tells a gate how a permitted call went. A report that is lost costs its permit's life, no more. */
export async function tellGate({ stub, wait }: GateAccess, report: GateReport): Promise<void> {
  try {
    await inTime(stub().report(report), wait);
  } catch (error) {
    console.error(JSON.stringify({ message: "a reward gate took no report", provider: report.provider, error: String(error) }));
  }
}

/** The gate's answer, unless it takes too long: permits that it gives then are nobody's, and come free again by themselves. */
async function inTime<T>(answer: Promise<T>, wait: GateAccess["wait"]): Promise<T> {
  const late = wait(GATE_ANSWER_MS).then(() => {
    throw new Error(`no answer within ${GATE_ANSWER_MS / 1_000} s`);
  });
  return Promise.race([answer, late]);
}
