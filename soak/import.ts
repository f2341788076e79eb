import { parseArgs } from "node:util";
import { openServedHouse } from "../scripts/served-house.ts";
import type { ServedHouse } from "../scripts/served-house.ts";
import { exitOnSignals } from "../scripts/exits.ts";
import { openTerminal } from "../scripts/terminal.ts";
import type { Terminal } from "../scripts/terminal.ts";
import { runCodes } from "./import/run-codes.ts";
import { runManifest } from "./import/run-manifest.ts";
import type { Peak } from "./import/watch.ts";

const USAGE = `npm run soak:import -- [--codes 5000000] [--cards 10000000] [--kills 1]
  Uploads a file of codes by wrangler, as an operator does, and kills the server on the way; then deals every code and looks for those that are missing
  or doubled. Then uploads a manifest of so many cards, and deals it to its end. The schedule is fired every two seconds, as npm start does.
  --codes 0, --cards 0   leave that part out`;

const { values } = parseArgs({
  options: {
    codes: { type: "string", default: "5000000" },
    cards: { type: "string", default: "10000000" },
    kills: { type: "string", default: "1" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else process.exit(await soak({ codes: Number(values.codes), cards: Number(values.cards), kills: Number(values.kills) }));

interface Plan {
  readonly codes: number;
  readonly cards: number;
  readonly kills: number;
}

async function soak({ codes, cards, kills }: Plan): Promise<number> {
  const terminal = openTerminal();
  const summary: string[] = [];
  let good = true;
  if (codes > 0) {
    good = await inHouse(terminal, async (house) => {
      const { kills: killed, missing, doubled, seconds, peak, faults } = await runCodes(house, terminal, { codes, kills });
      tellMemory(terminal, peak);
      summary.push(
        `codes=${codes} kills=${killed} missing=${missing} doubled=${doubled} seconds=${seconds.toFixed(1)} peakRssMB=${peak.rssMb.toFixed(0)} isolateMB=${peak.heapMb.toFixed(0)}`,
      );
      return missing + doubled === 0 && killed === kills
        ? faults
        : [...faults, `${killed} of ${kills} kills, ${missing} missing, ${doubled} doubled`];
    });
  }
  if (cards > 0) {
    const dealt = await inHouse(terminal, async (house) => {
      const { seconds, peak, faults } = await runManifest(house, terminal, cards);
      tellMemory(terminal, peak);
      summary.push(
        `manifest=${cards} seconds=${seconds.toFixed(1)} peakRssMB=${peak.rssMb.toFixed(0)} isolateMB=${peak.heapMb.toFixed(0)}`,
      );
      return faults;
    });
    good &&= dealt;
  }
  for (const line of summary) terminal.say(line);
  return good ? 0 : 1;
}

/** Runs `work` in a house of its own, and tells the faults it finds; false: it found some, and the house's folder stays. */
async function inHouse(terminal: Terminal, work: (house: ServedHouse) => Promise<readonly string[]>): Promise<boolean> {
  const house = await openServedHouse(terminal, { source: { entry: "soak/import/worker/index.ts" }, inspected: true });
  let faults: readonly string[] = ["it broke off"];
  try {
    faults = await work(house);
  } finally {
    await house.close({ keep: faults.length > 0 });
    for (const fault of faults) terminal.say(`  wrong: ${fault}`);
    if (faults.length > 0) terminal.say(`  state and the server's log stay in ${house.folder}`);
  }
  return faults.length === 0;
}

function tellMemory(terminal: Terminal, { idleRssMb, rssMb, heapMb }: Peak): void {
  terminal.say(`  workerd, the whole process: ${idleRssMb.toFixed(0)} MB before, ${rssMb.toFixed(0)} MB at its peak`);
  terminal.say(`  the isolate of the Worker and its Durable Objects: at most ${heapMb.toFixed(0)} MB, garbage included`);
}
