import type { Block } from "../block.ts";
import { resendAt } from "./outbox.ts";

/** Two blocks fill the 256 KB of a `sendBatch`. */
export const BLOCKS_PER_SEND = 2;
/** A drain that has sent this many leaves the rest to the next one. */
const MAX_SENDS_PER_DRAIN = 50;

/** A block that the ledger has not confirmed, and how often it was sent. */
export interface KeptBlock extends Block {
  readonly attempts: number;
}

export interface DrainDeps {
  /** Cuts the events that wait into numbered blocks. */
  readonly seal: () => void;
  /** Numbers of the blocks whose time to be sent has come, oldest first. */
  readonly due: (nowMs: number, limit: number) => readonly number[];
  /** Those of the blocks whose time has still come: another drain may have sent them, or the ledger confirmed them. */
  readonly load: (blocks: readonly number[], nowMs: number) => readonly KeptBlock[];
  readonly send: (blocks: readonly Block[]) => Promise<void>;
  /** Writes down that a block was sent, and when it is to be sent again unless acknowledged. */
  readonly sent: (block: number, attempts: number, resendAtMs: number) => void;
  readonly now: () => number;
}

/** Sends every block that is due. A block stays until the ledger acknowledges it; the queue may lose, double or reorder them. */
export async function drainOutbox(deps: DrainDeps): Promise<void> {
  deps.seal();
  const due = deps.due(deps.now(), MAX_SENDS_PER_DRAIN * BLOCKS_PER_SEND);
  for (let first = 0; first < due.length; first += BLOCKS_PER_SEND) {
    const blocks = deps.load(due.slice(first, first + BLOCKS_PER_SEND), deps.now());
    if (blocks.length === 0) continue;
    await deps.send(blocks);
    for (const { header, attempts } of blocks) deps.sent(header.block, attempts + 1, resendAt(attempts + 1, deps.now()));
  }
}
