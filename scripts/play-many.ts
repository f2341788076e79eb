import { randomUUID } from "node:crypto";
import type { AdminClient, AdminInvariants } from "./admin-client.ts";
import { mapAtOnce } from "./at-once.ts";
import { demoCampaignFile, divideWinners, poolCsv } from "./demo-campaign.ts";
import { drawCards } from "./draw.ts";
import type { DrawnCard } from "./draw.ts";
import { PlayerClient, newLineUserId } from "./player-client.ts";
import { openCampaign, writeCampaign, writeUpload } from "./prepare-demo.ts";
import type { DemoClients } from "./prepare-demo.ts";
import { reckon } from "./reckon.ts";
import type { PlayedCard, Reckoned } from "./reckon.ts";
import { grantsOf } from "./sandbox-grants.ts";
import type { House } from "./house.ts";
import type { Terminal } from "./terminal.ts";
import { NOTHING, table } from "./terminal.ts";
import { uploadFiles } from "./upload.ts";
import { waitFor } from "./wait.ts";

/** Users at once; each has one call under way. */
const PLAYERS_AT_ONCE = 16;
/** What settling may take besides the rewards: queue batches, a retry. */
const SETTLE_TIMEOUT_MS = 120_000;
/** The reward provider permits 200 a second; this is twice the time of one at that rate, and some. */
const SETTLE_TIMEOUT_MS_PER_CARD = 15;
const SETTLE_EVERY_MS = 500;

export interface Crowd {
  readonly cards: number;
  /** Winning cards in the pool; the other cards get the fallback. */
  readonly winners: number;
}

/** What became of each prize, and of which campaign. */
export interface PlayedCampaign extends Reckoned {
  readonly campaign: string;
}

/** Draws and plays every card of a campaign made for it, and counts what became of each prize. */
export async function playMany(
  house: House,
  { admin, partner }: DemoClients,
  terminal: Terminal,
  { cards, winners }: Crowd,
): Promise<PlayedCampaign> {
  const nowMs = Date.now();
  const campaign = `demo-${nowMs.toString(36)}`;
  const file = await demoCampaignFile(campaign, nowMs);
  const manifest = divideWinners(winners);
  const pool = winners === 0 ? new Map([[file.fallback, 1]]) : manifest;
  await uploadFiles(house, admin, terminal, campaign, [
    await writeCampaign(house, file),
    await writeUpload(house, `${campaign}/pools/first.csv`, poolCsv(pool)),
  ]);
  await openCampaign(admin, terminal, campaign);

  const requests = Array.from({ length: cards }, () => ({ requestId: randomUUID(), recipient: `visitor-${randomUUID()}` }));
  const drawn = await drawCards(partner, campaign, requests, (done) => terminal.progress("drawn", done, cards));
  let done = 0;
  const played = await mapAtOnce(drawn, PLAYERS_AT_ONCE, async (card) => {
    const seen = await playCard(house, campaign, file.line.channelId, card);
    done += 1;
    terminal.progress("signed in, scratched and redeemed", done, cards);
    return seen;
  });
  const balance = await terminal
    .step("the ledger is settled and every reward has its outcome", () => waitForSettlement(admin, campaign, cards))
    // The reckoning says what is missing.
    .catch(() => admin.invariants(campaign));
  const grants = await grantsOf(house.sandboxOrigin, campaign);
  return { campaign, ...reckon({ cards, manifest: pool, fallback: file.fallback, played, balance, grants }) };
}

export function showReckoned({ lines, differences }: Reckoned, terminal: Terminal): void {
  const rows = lines.map(({ prize, kind, loaded, issued, redeemed, granted, delivered }) => [
    prize,
    kind,
    loaded,
    issued,
    redeemed,
    granted,
    delivered ?? NOTHING,
  ]);
  terminal.say(`\n${table(["prize", "kind", "loaded", "issued", "redeemed", "granted", "by the reward system"], rows)}\n`);
  if (differences.length === 0) terminal.say("Every book says the same: pool, issuers, users, ledger and reward system.");
  else terminal.say(`Not as it must be:\n${differences.map((difference) => `  ${difference}`).join("\n")}`);
}

/** One card in the hand of one new LINE user. */
async function playCard(house: House, campaign: string, channelId: string, { cardId }: DrawnCard): Promise<PlayedCard> {
  const player = await PlayerClient.signIn(house, campaign, { sub: newLineUserId(), name: "Kuji", channelId });
  const { prize } = await player.reveal(cardId);
  await player.redeem(cardId);
  return { cardId, prize: prize.id };
}

/** The balance once nothing is on its way any more. */
async function waitForSettlement(admin: AdminClient, campaign: string, cards: number): Promise<AdminInvariants> {
  const timeoutMs = SETTLE_TIMEOUT_MS + cards * SETTLE_TIMEOUT_MS_PER_CARD;
  return await waitFor({ what: "settlement", timeoutMs, everyMs: SETTLE_EVERY_MS }, async () => {
    const balance = await admin.invariants(campaign);
    return isSettled(balance) ? balance : null;
  });
}

function isSettled({ prizes, unsettled }: AdminInvariants): boolean {
  return (
    unsettled.blocks + unsettled.events === 0 &&
    prizes.every(({ redeemed, settledRedeemed, rewards }) => redeemed === settledRedeemed && rewards.pending === 0)
  );
}
