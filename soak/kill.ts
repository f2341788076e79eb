import { setTimeout as sleep } from "node:timers/promises";
import type { BundleProcess } from "../scripts/bundle-process.ts";
import type { Random } from "./random.ts";

/** Most kills come in full work; some before anybody has been answered, some before the server stands. */
const MOMENTS = { "in work": { from: 300, to: 2_300 }, soon: { from: 0, to: 250 }, starting: { from: 50, to: 1_200 } } as const;
const SOON = 0.1;
const STARTING = 0.05;

export interface Kill {
  readonly moment: keyof typeof MOMENTS;
  /** After the server's start was asked for (`starting`), or after it answered. */
  readonly afterMs: number;
  readonly restartMs: number;
}

/** Kills the server at a random moment, and resolves when it answers again on the same state. */
export async function killOnce(server: BundleProcess, random: Random): Promise<Kill> {
  const moment = random.chance(STARTING) ? "starting" : random.chance(SOON) ? "soon" : "in work";
  const afterMs = random.int(MOMENTS[moment].from, MOMENTS[moment].to);
  if (moment === "starting") {
    await server.stop();
    const starting = server.start();
    await sleep(afterMs);
    await server.kill();
    await starting;
  } else {
    await sleep(afterMs);
    await server.kill();
  }
  const startedAt = performance.now();
  if ((await server.start()) === "killed") throw new Error("the server ended while it started");
  return { moment, afterMs, restartMs: Math.round(performance.now() - startedAt) };
}
