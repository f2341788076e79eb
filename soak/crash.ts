import { parseArgs } from "node:util";
import { exitOnSignals } from "../scripts/exits.ts";
import { openTerminal } from "../scripts/terminal.ts";
import { restock } from "./play/campaigns.ts";
import type { World } from "./play/play.ts";
import { playThrough } from "./play/run.ts";
import { tellFindings } from "./play/told.ts";
import { killOnce } from "./kill.ts";
import { chooseSeed } from "./random.ts";
import type { Random } from "./random.ts";

const USAGE = `npm run soak:crash -- --kills 200 [--seed 1] [--minutes 30]
  Clients draw, reveal, redeem and take back while the server is killed again and again; then every answer that was given is held against what is.
  --seed      chooses what is drawn and when is killed; a run prints its own
  --minutes   no further kill after these`;
const CLIENTS = 32;
const MINUTE_MS = 60_000;
/** The campaign that runs dry gets more cards after so many kills. */
const KILLS_PER_RESTOCK = 15;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    seed: { type: "string" },
    minutes: { type: "string", default: "30" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else process.exit(await soak());

async function soak(): Promise<number> {
  const terminal = openTerminal();
  const seed = chooseSeed(values.seed);
  const kills = Number(values.kills);
  const timeMs = Number(values.minutes) * MINUTE_MS;
  terminal.say(`seed ${seed}`);
  let killed = 0;
  const { told, folder } = await playThrough(terminal, { seed, clients: CLIENTS, timeMs }, (world, random) =>
    killOften(world, random, { kills, timeMs }, (line) => {
      killed += 1;
      terminal.say(`  kill ${String(killed).padStart(3)}/${kills}  ${line}`);
    }),
  );
  const { lost, doubled, unbalanced } = tellFindings(terminal, told.findings, { seed, folder });
  terminal.say(`kills=${killed} acked=${told.acked} lost=${lost} doubled=${doubled} conserved=${unbalanced === 0}`);
  return told.findings.length === 0 ? 0 : 1;
}

async function killOften(
  world: World,
  random: Random,
  { kills, timeMs }: { readonly kills: number; readonly timeMs: number },
  tell: (line: string) => void,
): Promise<void> {
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
