import { setTimeout as sleep } from "node:timers/promises";
import { table } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { workerdMemory } from "../../soak/import/memory.ts";
import { rewardsOf } from "./check-books.ts";
import { judgeGrowth } from "./judge.ts";
import type { Look } from "./judge.ts";
import { runLoad } from "./run.ts";
import type { Play, Run } from "./run.ts";

/** A signature is good for five minutes, so what is brought is made anew for each round. */
const ROUND_SECONDS = 60;
const LOOK_EVERY_MS = 10_000;

export interface Soaked {
  readonly rounds: readonly Run[];
  readonly looks: readonly Look[];
  readonly faults: readonly string[];
}

/** Lives at a moderate rate, round after round, while memory, outbox and ledger are looked at. */
export async function soak(terminal: Terminal, play: Play, rate: number, seconds: number): Promise<Soaked> {
  const over = new AbortController();
  const looking = keepLooking(play, over.signal);
  const rounds: Run[] = [];
  for (let left = seconds; left > 0; left -= ROUND_SECONDS) {
    rounds.push(await runLoad(play, rate, Math.min(left, ROUND_SECONDS)));
    terminal.progress("rounds", rounds.length, Math.ceil(seconds / ROUND_SECONDS));
  }
  over.abort();
  const looks = await looking;
  return { rounds, looks, faults: judgeGrowth(looks) };
}

async function keepLooking(play: Play, signal: AbortSignal): Promise<Look[]> {
  const looks: Look[] = [];
  const beginMs = performance.now();
  while (!signal.aborted) {
    looks.push(await lookAt(play, (performance.now() - beginMs) / 1_000));
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  looks.push(await lookAt(play, (performance.now() - beginMs) / 1_000));
  return looks;
}

async function lookAt({ scene: { stage, campaign } }: Play, seconds: number): Promise<Look> {
  const balance = await stage.admin.invariants(campaign);
  return {
    seconds,
    rssMb: (await workerdMemory(stage.group))?.rssMb ?? 0,
    blocks: balance.unsettled.blocks,
    events: balance.unsettled.events,
    ledgerCards: balance.prizes.reduce((sum, { settledIssued }) => sum + settledIssued, 0),
    pendingRewards: rewardsOf(balance).pending,
  };
}

export function showLooks(terminal: Terminal, looks: readonly Look[]): void {
  const rows = looks.map(({ seconds, rssMb, blocks, events, ledgerCards, pendingRewards }) => [
    Math.round(seconds),
    Math.round(rssMb),
    blocks,
    events,
    ledgerCards,
    pendingRewards,
  ]);
  terminal.say(`\n${table(["s", "server MB", "blocks under way", "events under way", "cards in the ledger", "rewards pending"], rows)}`);
}
