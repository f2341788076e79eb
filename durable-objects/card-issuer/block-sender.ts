import type { Block } from "../block.ts";
import type { ShardAddress } from "../protocol.ts";
import { drainOutbox } from "./drain.ts";
import { roomOf, sealAt, STALE_AFTER_ATTEMPTS, STALE_PER_CONFIRMED } from "./outbox.ts";
import type { OutboxRoom } from "./outbox.ts";
import type { IssuerStorage } from "./storage/storage.ts";
import type { Untold } from "./untold.ts";

export interface BlockSenderDeps {
  readonly storage: IssuerStorage;
  readonly untold: Untold;
  readonly transaction: <Result>(work: () => Result) => Result;
  /** The last card that is stored. */
  readonly lastSeq: () => number;
  readonly send: (blocks: readonly Block[]) => Promise<void>;
  readonly now: () => number;
}

/** Cuts what the ledger is to be told into blocks, and sends each until the ledger has confirmed it. */
export class BlockSender {
  readonly #deps: BlockSenderDeps;
  #sealedAtMs = 0;

  constructor(deps: BlockSenderDeps) {
    this.#deps = deps;
  }

  get room(): OutboxRoom {
    return roomOf(this.#deps.storage.outbox.unsettledBlocks());
  }

  /** Cuts everything that the ledger is to be told into blocks; returns the number of the last one. */
  seal(): number {
    const { storage, untold, transaction, lastSeq, now } = this.#deps;
    const lastBlock = transaction(() => storage.outbox.seal(untold.rows(), lastSeq(), now()));
    untold.clear();
    this.#sealedAtMs = now();
    return lastBlock;
  }

  /** Sends what is due; when something is due again, or null. */
  async drain(address: ShardAddress): Promise<number | null> {
    const { storage, send, now } = this.#deps;
    await drainOutbox({
      seal: () => {
        if (now() >= this.#sealAtMs()) this.seal();
      },
      due: (nowMs, limit) => storage.outbox.dueBlocks(nowMs, limit),
      load: (blocks, nowMs) => storage.outbox.loadDue(address, blocks, nowMs),
      send,
      sent: (block, attempts, resendAtMs) => storage.outbox.markSent(block, attempts, resendAtMs),
      now,
    });
    return storage.outbox.nextDueMs(Math.max(now(), this.#sealAtMs()));
  }

  /** Forgets blocks that the ledger has. It is there, then: others that it did not confirm so far need not wait for their turn. True: there are some to be sent. */
  confirmed(blocks: readonly number[]): boolean {
    const { storage, transaction, now } = this.#deps;
    return transaction(() => {
      storage.outbox.dropBlocks(blocks);
      return storage.outbox.sendStale(STALE_AFTER_ATTEMPTS, blocks.length * STALE_PER_CONFIRMED, now());
    });
  }

  #sealAtMs(): number {
    return sealAt(this.#deps.storage.outbox.unsettledBlocks(), this.#sealedAtMs);
  }
}
