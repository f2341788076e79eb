import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { callJson } from "../../scripts/api-call.ts";
import { mapAtOnce } from "../../scripts/at-once.ts";
import { drawCards } from "../../scripts/draw.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { PlayerClient, newLineUserId } from "../../scripts/player-client.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { waitFor } from "../../scripts/wait.ts";
import type { Books } from "./judge.ts";
import { systemOf } from "./system.ts";
import type { RemoteKind, RewardSystem } from "./system.ts";

/** How the provider is faulted: these answer no call; flaky answers some. */
export const FAULT_MODES = ["down", "error", "timeout", "limited", "flaky"] as const;
export type FaultMode = (typeof FAULT_MODES)[number];

export interface ProviderPlan {
  readonly cards: number;
  readonly kind: RemoteKind;
  readonly mode: FaultMode;
  readonly faultMs: number;
  readonly permitsPerSecond: number;
}

const CAMPAIGN = "everyone-wins";
const PRIZE = "everybodys";
const PLAYERS_AT_ONCE = 12;
/** The provider fails when so many of the cards have been won: some are granted, some wait, some are still to come. */
const FAULTED_AFTER = 0.4;
const LOOK_EVERY_MS = 500;
/** Longer than is promised, so that the run says by how much a promise was broken. */
const SETTLE_TIMEOUT_MS = 600_000;

/** Plays cards that all win, in a house of its own, while the reward provider fails for a while in the middle; gives what the books say. */
export async function runProvider(terminal: Terminal, plan: ProviderPlan): Promise<Books> {
  const { cards, kind, mode, faultMs, permitsPerSecond } = plan;
  const system = systemOf(kind);
  const house = await openServedHouse(terminal, { permitsPerSecond });
  try {
    const file = await openMadeCampaign(house, house.admin, terminal, {
      id: CAMPAIGN,
      settings: {
        autoRedeem: true,
        limits: {},
        fallback: undefined,
        prizes: [{ id: PRIZE, kind, name: { en: "Everybody's" }, params: system.params }],
      },
      stock: new Map([[PRIZE, cards]]),
    });
    const requests = Array.from({ length: cards }, () => ({ requestId: randomUUID(), recipient: randomUUID() }));
    const drawn = await terminal.step(`${cards} cards are drawn`, () => drawCards(house.partner, CAMPAIGN, requests));
    const half = Promise.withResolvers<void>();
    let won = 0;
    const cardOf = new Map<string, string>();
    const playing = mapAtOnce(drawn, PLAYERS_AT_ONCE, async ({ cardId }) => {
      const sub = newLineUserId();
      cardOf.set(sub, cardId);
      const player = await PlayerClient.signIn(house, CAMPAIGN, { sub, name: "Kuji", channelId: file.line.channelId });
      await player.reveal(cardId);
      won += 1;
      if (won >= cards * FAULTED_AFTER) half.resolve();
    });
    await terminal.step("the first of them are won", () => Promise.race([half.promise, playing]));
    await fault(house, system, mode);
    await terminal.step(`the provider is ${mode} for ${faultMs / 1_000} s`, () => sleep(faultMs));
    await fault(house, system, "ok");
    const returnedAtMs = Date.now();
    await terminal.step("the last of them are won", () => playing);
    const ledger = await terminal.step("every reward has its outcome", () => outcomes(house, cards));
    const { whileFaulty, peakInAnySecond } = await system.rate(house.sandboxOrigin);
    return {
      cards: drawn.map(({ cardId }) => cardId),
      grants: await system.grants(house.sandboxOrigin, CAMPAIGN, cardOf),
      ledger,
      callsWhileDown: whileFaulty,
      maxPerSecond: peakInAnySecond,
      returnedAtMs,
    };
  } finally {
    await house.close({ keep: false });
  }
}

async function fault({ sandboxOrigin }: ServedHouse, { target }: RewardSystem, mode: FaultMode | "ok"): Promise<void> {
  await callJson(`${sandboxOrigin}/sandbox/faults`, { method: "POST", body: { target, mode } });
}

/** Rewards by their outcome once none is pending any more; as they stand where that takes too long. */
async function outcomes({ admin }: ServedHouse, cards: number): Promise<Books["ledger"]> {
  const count = async () => {
    const { prizes } = await admin.invariants(CAMPAIGN);
    return prizes.find(({ prize }) => prize === PRIZE)?.rewards ?? { granted: 0, pending: 0, failed: 0 };
  };
  return await waitFor({ what: "the rewards", timeoutMs: SETTLE_TIMEOUT_MS, everyMs: LOOK_EVERY_MS }, async () => {
    const rewards = await count();
    return rewards.granted + rewards.failed >= cards ? rewards : null;
  }).catch(count);
}
