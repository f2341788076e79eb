import app, { CardIssuer as Issuer } from "../../../worker/index.ts";
import type { ShardAddress } from "../../../durable-objects/protocol.ts";
import { readSentBlock } from "./blocks.ts";
import type { Progress } from "./progress.ts";

export { PrizePool, RewardGate, WebhookEndpoint } from "../../../worker/index.ts";

/** Events of the blocks that were sent and are not acknowledged, by shard and number; of this process, which has all issuers. */
const unacknowledged = new Map<string, number>();
const known = new Set<string>();
const progress = { sentBlocks: 0, acknowledgedEvents: 0 };
let most = 0;

/** The issuer as it is; what it sends, and what it is told that the ledger has, is counted. */
export class CardIssuer extends Issuer {
  constructor(ctx: DurableObjectState, env: Env) {
    const { CARD_EVENTS } = env;
    super(ctx, {
      ...env,
      CARD_EVENTS: {
        ...CARD_EVENTS,
        sendBatch: (messages) => {
          const all = [...messages];
          for (const { body } of all) noteSent(body as Uint8Array);
          return CARD_EVENTS.sendBatch(all);
        },
      },
    });
  }

  override async acknowledge(address: ShardAddress, blocks: readonly number[]): Promise<void> {
    for (const block of blocks) {
      const place = `${address.shard}/${block}`;
      progress.acknowledgedEvents += unacknowledged.get(place) ?? 0;
      unacknowledged.delete(place);
    }
    await super.acknowledge(address, blocks);
  }
}

function noteSent(bytes: Uint8Array): void {
  const { shard, block, events } = readSentBlock(bytes).header;
  const place = `${shard}/${block}`;
  if (known.has(place)) return;
  known.add(place);
  unacknowledged.set(place, events);
  progress.sentBlocks += 1;
  most = Math.max(most, unacknowledged.size);
}

/** The app as it is, and beside it `/progress`. One campaign has all the blocks. */
export default {
  ...app,
  fetch(request, env, ctx) {
    if (!request.url.endsWith("/progress")) return app.fetch(request, env, ctx);
    const mostUnacknowledged = most;
    most = unacknowledged.size;
    return Response.json({ ...progress, unacknowledged: unacknowledged.size, mostUnacknowledged } satisfies Progress);
  },
} satisfies ExportedHandler<Env>;
