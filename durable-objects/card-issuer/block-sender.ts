import type { Block } from "../block.ts";
import type { ShardAddress } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import { drainOutbox } from "./drain.ts";
import type { KeptBlock } from "./drain.ts";
import { roomOf, sealAt, STALE_AFTER_ATTEMPTS, STALE_PER_CONFIRMED } from "./outbox.ts";
import type { OutboxRoom } from "./outbox.ts";
import type { BlockContent, SealedBlock } from "./storage/outbox.ts";
import type { IssuerStorage } from "./storage/storage.ts";
import type { Untold } from "./untold.ts";

/** Blocks that were cut and not sent yet are in memory, up to so many, some 100 KB each: else they are made from their cards. A burst cuts fifty a second. */
const MAX_FRESH_BLOCKS = 64;

export interface BlockSenderDeps {
  readonly storage: IssuerStorage;
  readonly untold: Untold;
  readonly transaction: <Result>(work: () => Result) => Result;
  /** The last card that is stored. */
  readonly lastSeq: () => number;
  /** The event of a card's issue as it stands in a block: the same text each time, whatever became of the card, for the block's hash is of it. */
  readonly issuedLine: (card: CardRow) => string;
  readonly send: (blocks: readonly Block[]) => Promise<void>;
  readonly now: () => number;
}

/** Cuts what the ledger is to be told into blocks, and sends each until the ledger has confirmed it. */
export class BlockSender {
  readonly #deps: BlockSenderDeps;
  #sealedAtMs = 0;
  /** Bodies of blocks that were cut and not sent yet. */
  readonly #fresh = new Map<number, string>();

  constructor(deps: BlockSenderDeps) {
    this.#deps = deps;
  }

  get room(): OutboxRoom {
    return roomOf(this.#deps.storage.outbox.unsettledBlocks());
  }

  /** Cuts everything that the ledger is to be told into blocks. */
  seal(): void {
    const { storage, untold, transaction, lastSeq, now } = this.#deps;
    const sealed = transaction(() => storage.outbox.seal(untold.rows(), lastSeq(), now()));
    untold.clear();
    this.#sealedAtMs = now();
    for (const { block, body } of sealed.slice(0, MAX_FRESH_BLOCKS - this.#fresh.size)) this.#fresh.set(block, body);
  }

  /** Blocks that are kept, as they were sent or will be. */
  bodies(blocks: readonly number[]): SealedBlock[] {
    return this.#deps.storage.outbox.contents(blocks).map((content) => ({ block: content.block, body: this.#bodyOf(content) }));
  }

  /** When something is to be sent, or null. */
  nextDueMs(): number | null {
    const { storage, untold, now } = this.#deps;
    const due = storage.outbox.nextDueMs();
    if (untold.isEmpty && !storage.outbox.isWaiting) return due;
    return Math.min(due ?? Infinity, Math.max(now(), this.#sealAtMs()));
  }

  /** Sends what is due; when something is due again, or null. */
  async drain(address: ShardAddress): Promise<number | null> {
    const { storage, send, now } = this.#deps;
    await drainOutbox({
      seal: () => {
        if (now() >= this.#sealAtMs()) this.seal();
      },
      due: (nowMs, limit) => storage.outbox.dueBlocks(nowMs, limit),
      load: (blocks, nowMs) => this.#load(address, blocks, nowMs),
      send,
      sent: (block, attempts, resendAtMs) => {
        this.#fresh.delete(block);
        storage.outbox.markSent(block, attempts, resendAtMs);
      },
      now,
    });
    return this.nextDueMs();
  }

  /** Forgets blocks that the ledger has. It is there, then: others that it did not confirm so far need not wait for their turn. True: there are some to be sent. */
  confirmed(blocks: readonly number[]): boolean {
    const { storage, transaction, now } = this.#deps;
    for (const block of blocks) this.#fresh.delete(block);
    return transaction(() => {
      storage.outbox.dropBlocks(blocks);
      return storage.outbox.sendStale(STALE_AFTER_ATTEMPTS, blocks.length * STALE_PER_CONFIRMED, now());
    });
  }

  #load({ campaign, shard }: ShardAddress, blocks: readonly number[], nowMs: number): KeptBlock[] {
    return this.#deps.storage.outbox.loadDue(blocks, nowMs).map((stored) => {
      const { block, prev, hash, events, attempts } = stored;
      return { header: { campaign, shard, block, prev, hash, events }, body: this.#bodyOf(stored), attempts };
    });
  }

  #bodyOf({ block, issued, others }: BlockContent): string {
    const fresh = this.#fresh.get(block);
    if (fresh !== undefined) return fresh;
    const { storage, issuedLine } = this.#deps;
    const cards = issued === null ? [] : storage.cards.issuedFrom(issued.firstSeq, issued.lastSeq);
    return cards.map(issuedLine).join("") + others;
  }

  #sealAtMs(): number {
    return sealAt(this.#deps.storage.outbox.unsettledBlocks(), this.#sealedAtMs);
  }
}
