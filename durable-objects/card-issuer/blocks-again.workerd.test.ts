import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodeBlock } from "../block.ts";
import { drawOf, openCampaign } from "../campaign.fixture.ts";
import type { TestCampaign } from "../campaign.fixture.ts";

/** What issuers send, which nobody is given: so they keep their blocks. */
const sent: Uint8Array[] = [];
const send = env.CARD_EVENTS.sendBatch.bind(env.CARD_EVENTS);
beforeAll(() => {
  const hold = async (messages: Iterable<MessageSendRequest<Uint8Array>>) => {
    for (const { body } of messages) sent.push(body);
  };
  env.CARD_EVENTS.sendBatch = hold as unknown as Queue["sendBatch"];
});
afterAll(() => void (env.CARD_EVENTS.sendBatch = send));

/** Has the issuer cut what waits into blocks. */
async function cut(campaign: TestCampaign): Promise<number> {
  const { id } = campaign;
  const rules = await campaign.pool().rules(id);
  if (rules === null) throw new Error("the campaign has no rules");
  const { lastBlock } = await campaign.issuer().configure({ campaign: id, shard: 0 }, rules);
  return lastBlock;
}

it("makes blocks again byte by byte after a restart, though their cards have lived on, and stores no event of an issue beside its card", async () => {
  const campaign = await openCampaign({ coupon: 2_000, code: 1_000 }, { limits: { perRecipient: 2, perRecipientPerDay: null } });
  const draws = Array.from({ length: 1_500 }, (_, n) =>
    drawOf(`request ${n}`, {
      recipient: n % 3 === 0 ? null : `しろ ${n}`,
      lineUserId: n % 5 === 0 ? `U${n}` : null,
      metadata: n % 7 === 0 ? `{"campaign":"春 ${n}"}` : null,
    }),
  );
  const results = [...(await campaign.draw(draws.slice(0, 700))), ...(await campaign.draw(draws.slice(700)))];
  const cards = results.flatMap((result) => ("cardId" in result ? [result.cardId] : []));
  expect(cards).toHaveLength(1_500);
  const ofIssues = await cut(campaign);
  expect(ofIssues).toBeGreaterThan(2);

  const address = { campaign: campaign.id, shard: 0 };
  for (const [n, cardId] of cards.slice(0, 60).entries()) {
    const card = { ...address, cardId, lineUserId: n % 5 === 0 ? `U${n}` : `somebody ${n}` };
    if (n % 4 === 0) await campaign.issuer().void({ ...address, cardId, reason: "by mistake" });
    else await campaign.issuer().reveal({ ...card, trail: null });
    if (n % 4 === 1) await campaign.issuer().redeem(card);
  }
  await campaign.draw(draws.slice(0, 50).map(({ requestId }) => drawOf(`another ${requestId}`)));
  const last = await cut(campaign);
  expect(last).toBeGreaterThan(ofIssues);
  await expect.poll(() => sent.length).toBe(last);

  await runInDurableObject(campaign.issuerStub(), (_, { storage: { sql } }) => {
    const bodies = sql.exec<{ block: number; body: string }>("SELECT block, body FROM bodies").toArray();
    expect(bodies.every(({ block }) => block > ofIssues)).toBe(true);
    expect(bodies.some(({ body }) => body.includes('"issued"'))).toBe(false);
  });
  await abortAllDurableObjects();

  const before = sent.splice(0);
  const blocks = Array.from({ length: last }, (_, n) => n + 1);
  expect(await campaign.issuer().resend(address, blocks)).toEqual(blocks);
  await expect.poll(() => sent.length).toBe(last);
  const byNumber = (all: readonly Uint8Array[]) => all.map(decodeBlock).toSorted((a, b) => (a?.header.block ?? 0) - (b?.header.block ?? 0));
  expect(byNumber(sent)).toEqual(byNumber(before));
  expect(byNumber(sent)).not.toContain(null);
});
