import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { decodeBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import { drawOf } from "../../durable-objects/campaign.fixture.ts";
import type { TestCampaign } from "../../durable-objects/campaign.fixture.ts";

/** What issuers send to `card-events`, held back for a test to deliver. */
export interface HeldQueue {
  readonly sent: Uint8Array[];
  /** Blocks of a campaign among what was sent, as they came. */
  blocks(campaign: string): Block[];
  /** Lets messages through to the real queue again. */
  release(): void;
}

export function holdQueue(): HeldQueue {
  const sent: Uint8Array[] = [];
  const real = env.CARD_EVENTS.sendBatch.bind(env.CARD_EVENTS);
  const hold = async (messages: Iterable<MessageSendRequest<Uint8Array>>) => {
    // As what leaves an object by a real queue, this waits until what was written before is on disk.
    await env.CONFIG.get("nothing");
    for (const { body } of messages) sent.push(body);
  };
  env.CARD_EVENTS.sendBatch = hold as unknown as Queue["sendBatch"];
  const decoded = (campaign: string) => {
    const blocks = sent.map(decodeBlock);
    return blocks.flatMap((block) => (block?.header.campaign === campaign ? [block] : []));
  };
  return { sent, blocks: decoded, release: () => void (env.CARD_EVENTS.sendBatch = real) };
}

let requests = 0;

/** Has a campaign's issuer make and send so many blocks, a card in each. */
export async function makeBlocks(campaign: TestCampaign, queue: HeldQueue, count: number): Promise<void> {
  const before = queue.blocks(campaign.id).length;
  const rules = await campaign.pool().rules(campaign.id);
  if (rules === null) throw new Error("the campaign has no rules");
  for (let made = 0; made < count; made++) {
    requests += 1;
    await campaign.draw([drawOf(`request ${requests}`)]);
    // Taking rules cuts a block.
    await campaign.issuer().configure({ campaign: campaign.id, shard: 0 }, rules);
  }
  await expect.poll(() => queue.blocks(campaign.id).length, { timeout: 20_000, interval: 20 }).toBe(before + count);
}
