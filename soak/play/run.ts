import { setTimeout as sleep } from "node:timers/promises";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouseOptions } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { seededRandom } from "../random.ts";
import type { Random } from "../random.ts";
import { openCampaigns } from "./campaigns.ts";
import { play } from "./play.ts";
import type { World } from "./play.ts";
import { Told } from "./told.ts";
import { verify } from "./verify.ts";

/** What clients are given to bring to its end what they have begun. */
const GRACE_MS = 300_000;

export interface PlayPlan {
  readonly seed: number;
  readonly clients: number;
  /** No further trouble after this. */
  readonly timeMs: number;
  readonly house?: ServedHouseOptions;
}

export interface PlayOutcome {
  readonly told: Told;
  /** Rewards that the ledger has as granted. */
  readonly granted: number;
  /** State, keys and the server's log; gone where nothing was found. */
  readonly folder: string;
}

/** Makes trouble until it has made enough, and resolves when all is well again. */
export type Trouble = (world: World, random: Random) => Promise<void>;

/** Plays campaigns in a house of its own while there is trouble, then holds every answer that was given against what is. */
export async function playThrough(terminal: Terminal, plan: PlayPlan, trouble: Trouble): Promise<PlayOutcome> {
  const random = seededRandom(plan.seed);
  const house = await openServedHouse(terminal, plan.house);
  const told = new Told();
  let granted = 0;
  try {
    const broken = new Promise<never>((_, reject) => (house.server.onUnwantedEnd = (reason) => reject(new Error(reason))));
    const late = sleep(plan.timeMs + GRACE_MS, undefined, { ref: false }).then(() => {
      throw new Error("the clients were not answered");
    });
    const campaigns = await openCampaigns(house, terminal);
    const tries = { ready: () => house.server.ready, unknown: 0, internal: 0 };
    const world: World = { house, campaigns, told, tries, over: false, nextId: 0 };
    const clients = Array.from({ length: plan.clients }, () => play(world, random.fork()));
    const troubled = trouble(world, random.fork()).finally(() => (world.over = true));
    await Promise.race([Promise.all([troubled, ...clients]), broken, late]);
    for (const campaign of campaigns) {
      const verified = await Promise.race([verify(world, campaign, terminal), broken]);
      told.findings.push(...verified.findings);
      granted += verified.granted;
    }
  } catch (error) {
    told.find("unbalanced", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await house.close({ keep: told.findings.length > 0 });
  return { told, granted, folder: house.folder };
}
