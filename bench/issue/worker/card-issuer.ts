import { Buffer } from "node:buffer";
import { CardIssuer as Issuer } from "../../../durable-objects/card-issuer/card-issuer.ts";
import type { BlockHeader } from "../../../durable-objects/protocol.ts";

/** The first line of a block; to check the rest is the ledger's work. */
function readHeader(block: Uint8Array): BlockHeader {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  return JSON.parse(bytes.toString("utf8", 0, bytes.indexOf("\n"))) as BlockHeader;
}

/**
 * The issuer as it is, but for its queue: Miniflare's takes longer over a block than the issuer does over the draws in it, where the platform's is
 * another machine. What is sent is taken, and acknowledged a moment later, as the ledger would.
 */
export class CardIssuer extends Issuer {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, { ...env, CARD_EVENTS: { ...env.CARD_EVENTS, sendBatch: (messages) => this.#take(messages) } });
  }

  async #take(messages: Iterable<MessageSendRequest>): Promise<QueueSendBatchResponse> {
    const headers = [...messages].map(({ body }) => readHeader(body as Uint8Array));
    const [address] = headers;
    if (address !== undefined) {
      setTimeout(() =>
        this.ctx.waitUntil(
          this.acknowledge(
            address,
            headers.map(({ block }) => block),
          ),
        ),
      );
    }
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  }
}
