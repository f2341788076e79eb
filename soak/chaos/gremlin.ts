import { setTimeout as sleep } from "node:timers/promises";
import { callJson } from "../../scripts/api-call.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { killOnce } from "../kill.ts";
import { restock } from "../play/campaigns.ts";
import type { World } from "../play/play.ts";
import type { Random } from "../random.ts";
import { INNER_FAULTS, OUTER_FAULTS, RESET_TARGETS } from "./faults.ts";
import type { InnerTarget, OuterTarget } from "./faults.ts";

/** Faults that hold at once, at most, and for how long each. */
const MAX_AT_ONCE = 3;
const HELD_MS = { from: 500, to: 12_000 } as const;
const CALM_MS = { from: 0, to: 3_000 } as const;
const KILLS = 0.1;
const RESETS = 0.2;
const OUTSIDE = 0.25;
/** The campaign that runs dry gets more cards after so many troubles. */
const TROUBLES_PER_RESTOCK = 12;

const keysOf = <Key extends string>(table: Readonly<Record<Key, unknown>>) => Object.keys(table) as Key[];

/** Makes trouble of every kind, some at once, until the time is over; then everything works again. */
export async function makeTrouble(world: World, random: Random, timeMs: number, tell: (line: string) => void): Promise<void> {
  const deadline = performance.now() + timeMs;
  const restocks: Promise<void>[] = [];
  const [dry] = world.campaigns.slice(-1);
  for (let trouble = 1; performance.now() < deadline; trouble += 1) {
    tell(await oneTrouble(world.house, random));
    await sleep(random.int(CALM_MS.from, CALM_MS.to));
    if (trouble % TROUBLES_PER_RESTOCK === 0 && dry !== undefined) restocks.push(restock(world.house, dry, trouble));
  }
  await Promise.all(restocks);
}

async function oneTrouble(house: ServedHouse, random: Random): Promise<string> {
  if (random.chance(KILLS)) {
    const { moment, restartMs } = await killOnce(house.server, random);
    return `the server is killed, ${moment}; back in ${restartMs} ms`;
  }
  if (random.chance(RESETS)) {
    const target = random.pick(RESET_TARGETS);
    await callJson(`${house.appOrigin}/chaos/reset/${target}`, { method: "POST" });
    return `one ${target} is reset`;
  }
  const held = Array.from({ length: random.int(1, MAX_AT_ONCE) }, () => chooseFault(house, random));
  return (await Promise.all(held.map((fault) => fault()))).join("; ");
}

/** A fault that begins when it is called, holds for a while, and is over when it resolves. */
function chooseFault(house: ServedHouse, random: Random): () => Promise<string> {
  const ms = random.int(HELD_MS.from, HELD_MS.to);
  if (random.chance(OUTSIDE)) {
    const target = random.pick(keysOf(OUTER_FAULTS));
    const mode = random.pick<string>(OUTER_FAULTS[target]);
    return () => hold(`${target}: ${mode}`, ms, (on) => setOuter(house, target, on ? mode : "ok"));
  }
  const target = random.pick(keysOf(INNER_FAULTS));
  const fault = random.pick<string>(INNER_FAULTS[target]);
  return () => hold(`${target}: ${fault}`, ms, (on) => setInner(house, target, on ? fault : null));
}

async function hold(what: string, ms: number, set: (on: boolean) => Promise<void>): Promise<string> {
  await set(true);
  await sleep(ms);
  await set(false);
  return `${what} for ${(ms / 1_000).toFixed(1)} s`;
}

async function setOuter({ sandboxOrigin }: ServedHouse, target: OuterTarget, mode: string): Promise<void> {
  await callJson(`${sandboxOrigin}/sandbox/faults`, { method: "POST", body: { target, mode } });
}

async function setInner({ appOrigin }: ServedHouse, target: InnerTarget, fault: string | null): Promise<void> {
  await callJson(`${appOrigin}/chaos`, { method: "POST", body: { target, fault } });
}
