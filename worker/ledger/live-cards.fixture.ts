import { drawOf } from "../../durable-objects/campaign.fixture.ts";
import type { TestCampaign } from "../../durable-objects/campaign.fixture.ts";

/** Cards of all fates in all shards; taking the rules anew after each cuts many blocks. */
export async function liveCards(campaign: TestCampaign, count: number, shards: number, first = 0): Promise<void> {
  const rules = await campaign.pool().rules(campaign.id);
  if (rules === null) throw new Error("the campaign has no rules");
  for (let n = first; n < first + count; n++) {
    const shard = n % shards;
    const draw = { recipient: `recipient ${n}`, metadata: `{"n":${n}}`, lineUserId: n % 10 === 6 ? `U${n}` : null };
    const [result] = await campaign.draw([drawOf(`request ${n}`, draw)], shard);
    if (result === undefined || !("cardId" in result)) throw new Error("no card was drawn");
    const card = { campaign: campaign.id, shard, cardId: result.cardId };
    const issuer = campaign.issuer(shard);
    if (n % 5 === 0) await issuer.void({ ...card, reason: "a test" });
    if (n % 5 > 1) await issuer.reveal({ ...card, lineUserId: `U${n}`, trail: null });
    await issuer.configure({ campaign: campaign.id, shard }, rules);
    if (n % 5 > 2) await issuer.redeem({ ...card, lineUserId: `U${n}` });
    if (n % 5 > 3) await issuer.use({ ...card, store: "Ximen", till: "2" });
    await issuer.configure({ campaign: campaign.id, shard }, rules);
  }
}
