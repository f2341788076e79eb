import type { CareCard } from "./admin-client.ts";
import { DEMO_CAMPAIGN, demoCampaignFile } from "./demo-campaign.ts";
import { drawOne } from "./draw.ts";
import type { DrawnCard } from "./draw.ts";
import { PlayerClient, newLineUserId } from "./player-client.ts";
import type { Redeemed } from "./player-client.ts";
import type { DemoClients } from "./prepare-demo.ts";
import { grantsOfCard } from "./sandbox-grants.ts";
import type { House } from "./house.ts";
import type { Terminal } from "./terminal.ts";
import { Hopeless, waitFor } from "./wait.ts";

/** A second for the queue, a second for the reward; a retry after an outage takes longer. */
const GRANT_TIMEOUT_MS = 60_000;
/** Four cards of five win: whoever loses this often in a row has found a bug. */
const MAX_CARDS = 20;
/** A scratch as a thumb makes it: milliseconds since the page opened, percent scratched. */
const TRAIL = [
  [420, 7],
  [910, 24],
  [1_380, 51],
  [1_790, 72],
] as const;

/** Plays cards of the demo campaign as partner and as user until one wins, a line a step, to the ledger's row of the granted reward. */
export async function playOne(house: House, { partner, admin }: DemoClients, terminal: Terminal): Promise<void> {
  const sub = newLineUserId();
  const { line } = await demoCampaignFile(DEMO_CAMPAIGN, Date.now());
  const { card, redeemed, isWebhook } = await winACard(house, partner, terminal, { sub, channelId: line.channelId });
  terminal.say(`             reward: ${describeReward(redeemed)}`);

  const row = await terminal.step("the ledger has settled it, and the reward is granted", () =>
    waitFor({ what: "the reward to be granted", timeoutMs: GRANT_TIMEOUT_MS }, async () => {
      const found = (await admin.care(card.cardId)).find(({ cardId }) => cardId === card.cardId);
      if (found?.reward?.status === "failed") throw new Hopeless(`the reward failed: ${found.reward.lastError ?? "no reason is given"}`);
      return found?.reward?.status === "granted" ? found : null;
    }),
  );
  if (isWebhook) {
    const grants = await grantsOfCard(house.sandboxOrigin, card.cardId);
    if (grants.length !== 1) throw new Error(`the reward system granted this card ${grants.length} times`);
    terminal.say(`             reward system: granted once, asked ${grants[0]?.asked} time(s), receipt ${grants[0]?.receipt}`);
  }
  terminal.say(`\nThe ledger's row:\n\n${ledgerRow(row)}`);
}

interface Won {
  readonly card: DrawnCard;
  readonly redeemed: Redeemed;
  readonly isWebhook: boolean;
}

async function winACard(
  house: House,
  partner: DemoClients["partner"],
  terminal: Terminal,
  { sub, channelId }: { readonly sub: string; readonly channelId: string },
): Promise<Won> {
  const player = await terminal.step("user     signs in with a LINE ID token", () =>
    PlayerClient.signIn(house, DEMO_CAMPAIGN, { sub, name: "花子", channelId }),
  );
  for (let cards = 1; cards <= MAX_CARDS; cards += 1) {
    const card = await terminal.step("partner  draws a card, the request signed with Ed25519", () => drawOne(partner, DEMO_CAMPAIGN));
    terminal.say(`             ${card.url}`);
    const { prize } = await terminal.step("user     scratches it", () => player.reveal(card.cardId, TRAIL));
    terminal.say(`             prize: ${prize.name["zh-TW"] ?? prize.id} (${prize.name["en"] ?? prize.id})`);
    const redeemed = await terminal.step("user     redeems it", () => player.redeem(card.cardId));
    if (prize.kind !== "none") return { card, redeemed, isWebhook: prize.kind === "webhook" };
    terminal.say("             nothing to deliver: another one");
  }
  throw new Error(`${MAX_CARDS} cards and no prize: look at the demo campaign's stock`);
}

function describeReward({ reward }: Redeemed): string {
  if (reward.code !== undefined) return `${reward.status}, code ${reward.code}`;
  if (reward.coupon !== undefined) return `${reward.status}, coupon ${reward.coupon}`;
  return reward.status;
}

function ledgerRow({ reward, timeline, ...card }: CareCard): string {
  const fields = Object.entries({ ...card, reward: reward?.status, attempts: reward?.attempts });
  const width = Math.max(...fields.map(([name]) => name.length));
  const lines = fields.filter(([, value]) => value !== undefined).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [...lines, ...timeline.map(({ at, what }) => `  ${"".padEnd(width)}  ${at}  ${what}`)].join("\n");
}
