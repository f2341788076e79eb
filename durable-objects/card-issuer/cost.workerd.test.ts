import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { drawOf, openCampaign } from "../campaign.fixture.ts";
import type { TestCampaign } from "../campaign.fixture.ts";
import type { PublishedRules } from "../protocol.ts";

const CARDS = 1_000;
/** Cards whose lives go on at the same time. */
const AT_ONCE = 50;

/** Counts the rows that an issuer writes from now on, as the platform bills them: rows of every statement, and one a `setAlarm`. */
async function countRows(campaign: TestCampaign): Promise<() => number> {
  let rows = 0;
  await runInDurableObject(campaign.issuerStub(), (_, { storage }) => {
    const exec = storage.sql.exec.bind(storage.sql);
    const setAlarm = storage.setAlarm.bind(storage);
    Object.defineProperty(storage.sql, "exec", {
      value: (...asked: Parameters<SqlStorage["exec"]>) => {
        const cursor = exec(...asked);
        rows += cursor.rowsWritten;
        return cursor;
      },
    });
    Object.defineProperty(storage, "setAlarm", {
      value: (...asked: Parameters<DurableObjectStorage["setAlarm"]>) => {
        rows += 1;
        return setAlarm(...asked);
      },
    });
  });
  return () => rows;
}

/** Rows that a card costs its issuer from its draw to its settlement, under load. */
async function rowsPerLife(over: Partial<PublishedRules>): Promise<number> {
  const limits = { perRecipient: 3, perRecipientPerDay: null };
  const campaign = await openCampaign({ coupon: CARDS, points: CARDS }, { limits, ...over });
  await campaign.draw([drawOf("first", { recipient: "first" })]);
  const rows = await countRows(campaign);
  const live = async (n: number) => {
    const [result] = await campaign.draw([drawOf(`request ${n}`, { recipient: `recipient ${n}` })]);
    if (result === undefined || !("cardId" in result)) throw new Error("no card was drawn");
    const card = { campaign: campaign.id, shard: 0, cardId: result.cardId, lineUserId: `user ${n}` };
    await campaign.issuer().reveal({ ...card, trail: null });
    if (over.autoRedeem !== true) await campaign.issuer().redeem(card);
  };
  for (let first = 0; first < CARDS; first += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => live(first + i)));
  }
  const unsettled = async () => {
    const { unsettledBlocks, unpackedEvents } = await campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
    return unsettledBlocks + unpackedEvents;
  };
  await expect.poll(unsettled).toBe(0);
  return rows() / CARDS;
}

describe("a card's life", () => {
  it("costs its issuer five and a half rows at the most, under load", async () => {
    const rows = await rowsPerLife({ autoRedeem: false });
    // Issued, revealed and redeemed: each is a row.
    expect(rows).toBeGreaterThanOrEqual(3);
    expect(rows).toBeLessThanOrEqual(5.5);
  });

  it("costs four and a half where a card is redeemed as it is revealed", async () => {
    const rows = await rowsPerLife({ autoRedeem: true });
    expect(rows).toBeGreaterThanOrEqual(2);
    expect(rows).toBeLessThanOrEqual(4.5);
  });
});
