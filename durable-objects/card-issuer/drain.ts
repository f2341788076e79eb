import type { Block } from "../block.ts";
import { resendAt } from "./outbox.ts";

/** Two blocks fill the 256 KB of a `sendBatch`. */
const BLOCKS_PER_SEND = 2;
/** A drain that has sent this many leaves the rest to the next one. */
const MAX_SENDS_PER_DRAIN = 50;

export interface DueBlock extends Block {
  readonly attempts: number;
}

export interface DrainDeps {
  /** Cuts the events that wait into numbered blocks. */
  readonly seal: () => void;
  /** Blocks whose time to be sent has come, oldest first. */
  readonly due: (nowMs: number, limit: number) => readonly DueBlock[];
  readonly send: (blocks: readonly Block[]) => Promise<void>;
  /** Writes down that a block was sent, and when it is to be sent again unless acknowledged. */
  readonly sent: (block: number, attempts: number, resendAtMs: number) => void;
  readonly now: () => number;
}

/** Sends every block that is due. A block stays until the ledger acknowledges it; the queue may lose, double or reorder them. */
export async function drainOutbox(deps: DrainDeps): Promise<void> {
  deps.seal();
  for (let sends = 0; sends < MAX_SENDS_PER_DRAIN; sends++) {
    const blocks = deps.due(deps.now(), BLOCKS_PER_SEND);
    if (blocks.length === 0) return;
    await deps.send(blocks);
    for (const { header, attempts } of blocks) deps.sent(header.block, attempts + 1, resendAt(attempts + 1, deps.now()));
  }
}
