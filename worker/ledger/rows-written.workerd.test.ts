import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodeBlock } from "../../durable-objects/block.ts";
import { publishCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { CardEvent, PrizeKind } from "../../durable-objects/protocol.ts";
import { aroundLedger } from "../../test/workerd/around.ts";
import { recordVerdicts } from "../rewards/rows.ts";
import { judgeLocal } from "../rewards/verdict.ts";
import { chainBlocks } from "./blocks.fixture.ts";
import { settleBlocks } from "./settle.ts";

/** Rows are what D1 bills most for: a row of a table is one, and one more for each index that it comes into. */

const AT = Date.parse("2027-02-05T12:00:10Z");
const CARDS = 50;

function lifeOf(n: number, prize: string, kind: PrizeKind): CardEvent[] {
  const card = `card-${n}`.padEnd(32, "x");
  const event = { at: AT, card, prize };
  const code = kind === "code" ? { code: `CODE-${prize}-${n}` } : {};
  return [
    { type: "issued", ...event, version: 1, request: `request-${n}`, recipient: "r", segment: "first.csv", position: n },
    { type: "revealed", ...event, version: 2, user: "Ualice" },
    { type: "redeemed", ...event, version: 3, user: "Ualice", kind, recipient: "r", ...code },
    { type: "used", ...event, version: 4, store: "Ximen" },
  ];
}

/** Rows that settling these blocks writes, each a transaction of its own, and then granting what waits for a provider. */
async function rowsOf(blocks: readonly (readonly CardEvent[])[]): Promise<number> {
  const { id } = await publishCampaign();
  let rows = 0;
  const LEDGER = aroundLedger(env.LEDGER, async (call, work) => {
    const result = await work();
    if (call === "batch") rows += (result as D1Result[]).reduce((sum, { meta }) => sum + meta.rows_written, 0);
    return result;
  });
  for (const bytes of chainBlocks(id, blocks))
    await settleBlocks(
      { ...env, LEDGER },
      [decodeBlock(bytes)].flatMap((block) => block ?? []),
    );
  const waiting = await env.LEDGER.prepare("SELECT card FROM rewards WHERE campaign = ? AND status = 'pending'")
    .bind(id)
    .all<{ card: string }>();
  const granted = waiting.results.map(({ card }) => judgeLocal({ card, campaign: id, attempts: 0 }, AT));
  await recordVerdicts(env, { LEDGER, nth: 0 }, granted, AT);
  return rows;
}

/** Rows a card, without those that a transaction writes however many cards it has. */
async function rowsACard(prize: string, kind: PrizeKind, toBlocks: (lives: readonly CardEvent[][]) => CardEvent[][]): Promise<number> {
  const lives = Array.from({ length: 2 * CARDS }, (_, n) => lifeOf(n, prize, kind));
  return ((await rowsOf(toBlocks(lives))) - (await rowsOf(toBlocks(lives.slice(0, CARDS))))) / CARDS;
}

const untilRedeemed = (lives: readonly CardEvent[][]) => lives.map((events) => events.slice(0, 3));
const atOnce = (lives: readonly CardEvent[][]) => [untilRedeemed(lives).flat()];
const stepByStep = (lives: readonly CardEvent[][]) => [0, 1, 2].map((step) => lives.flatMap((events) => events.slice(step, step + 1)));
const used = (lives: readonly CardEvent[][]) => [...atOnce(lives), lives.flatMap((events) => events.slice(3))];

describe("rows written to the ledger", () => {
  it.each<[string, PrizeKind, number]>([
    // The card, and its owner's index.
    ["thanks", "none", 2],
    // And the reward, which is granted: it is in no index.
    ["coupon", "coupon", 3],
    // And the index of codes.
    ["code", "code", 4],
    // The reward, and the reward granted.
    ["points", "webhook", 4],
  ])("for a card with %s whose life settles at once are as few as can be", async (prize, kind, rows) => {
    expect(await rowsACard(prize, kind, atOnce)).toBe(rows);
  });

  it.each<[string, PrizeKind, number]>([
    ["thanks", "none", 4],
    ["coupon", "coupon", 5],
    // The code comes with the redemption, and what adds it writes the owner's index once more.
    ["code", "code", 7],
    ["points", "webhook", 6],
  ])(
    "for a card with %s are those, and one for each further step, where draw, reveal and redemption settle apart",
    async (prize, kind, rows) => {
      expect(await rowsACard(prize, kind, stepByStep)).toBe(rows);
    },
  );

  it("are one for what comes after, whatever indexes the card is in", async () => {
    expect((await rowsACard("code", "code", used)) - (await rowsACard("code", "code", atOnce))).toBe(1);
  });
});
