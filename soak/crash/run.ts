import { setTimeout as sleep } from "node:timers/promises";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { killOnce } from "../kill.ts";
import { seededRandom } from "../random.ts";
import type { Random } from "../random.ts";
import { openCampaigns, restock } from "./campaigns.ts";
import { play } from "./play.ts";
import type { World } from "./play.ts";
import { Told } from "./told.ts";
import { verify } from "./verify.ts";

const CLIENTS = 32;
/** The campaign that runs dry gets more cards after so many kills. */
const KILLS_PER_RESTOCK = 15;
/** What clients are given to bring to its end what they have begun. */
const GRACE_MS = 300_000;

export interface CrashPlan {
  readonly kills: number;
  readonly seed: number;
  /** No further kill after this. */
  readonly timeMs: number;
}

export interface CrashOutcome {
  readonly killed: number;
  readonly told: Told;
  /** State, keys and the server's log; gone where nothing was found. */
  readonly folder: string;
}

/** Plays campaigns in a house of its own while its server is killed again and again, then holds every answer that was given against what is. */
export async function runCrash(terminal: Terminal, plan: CrashPlan): Promise<CrashOutcome> {
  const random = seededRandom(plan.seed);
  const house = await openServedHouse(terminal);
  const told = new Told();
  let killed = 0;
  try {
    const broken = new Promise<never>((_, reject) => (house.server.onUnwantedEnd = (reason) => reject(new Error(reason))));
    const late = sleep(plan.timeMs + GRACE_MS, undefined, { ref: false }).then(() => {
      throw new Error("the clients were not answered");
    });
    const campaigns = await openCampaigns(house, terminal);
    const tries = { ready: () => house.server.ready, unknown: 0, internal: 0 };
    const world: World = { house, campaigns, told, tries, over: false, nextId: 0 };
    const clients = Array.from({ length: CLIENTS }, () => play(world, random.fork()));
    const killing = killOften(world, plan, random.fork(), (line) => {
      killed += 1;
      terminal.say(`  kill ${String(killed).padStart(3)}/${plan.kills}  ${line}`);
    });
    await Promise.race([Promise.all([killing, ...clients]), broken, late]);
    for (const campaign of campaigns) told.findings.push(...(await Promise.race([verify(world, campaign, terminal), broken])));
  } catch (error) {
    told.find("unbalanced", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await house.close({ keep: told.findings.length > 0 });
  return { killed, told, folder: house.folder };
}

async function killOften(world: World, { kills, timeMs }: CrashPlan, random: Random, tell: (line: string) => void): Promise<void> {
  const deadline = performance.now() + timeMs;
  const restocks: Promise<void>[] = [];
  const [dry] = world.campaigns.slice(-1);
  for (let kill = 1; kill <= kills && performance.now() < deadline; kill += 1) {
    const { moment, afterMs, restartMs } = await killOnce(world.house.server, random);
    const { unknown, internal } = world.tries;
    const failed = internal === 0 ? "" : `, ${internal} answered 500`;
    tell(`${moment} after ${afterMs} ms, back in ${restartMs} ms: ${world.told.acked} answers, ${unknown} calls to make again${failed}`);
    if (kill % KILLS_PER_RESTOCK === 0 && dry !== undefined) restocks.push(restock(world.house, dry, kill));
  }
  world.over = true;
  await Promise.all(restocks);
}
