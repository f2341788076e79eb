import { parseArgs } from "node:util";
import { exitOnSignals } from "../scripts/exits.ts";
import { openTerminal } from "../scripts/terminal.ts";
import { makeTrouble } from "./chaos/gremlin.ts";
import { playThrough } from "./play/run.ts";
import { tellFindings } from "./play/told.ts";
import { chooseSeed } from "./random.ts";

const USAGE = `npm run soak:chaos -- [--minutes 10] [--seed 1] [--clients 12]
  The whole system is played while everything it stands on fails in turn and together: the ledger, the lake, the settings, the queues, the objects, the
  reward system, LINE, and the server itself. Then every answer that was given is held against what is.
  --seed   chooses what fails, when and for how long; a run prints its own`;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    clients: { type: "string", default: "12" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else process.exit(await soak());

async function soak(): Promise<number> {
  const terminal = openTerminal();
  const seed = chooseSeed(values.seed);
  const timeMs = Number(values.minutes) * MINUTE_MS;
  terminal.say(`seed ${seed}`);
  let troubles = 0;
  const plan = { seed, clients: Number(values.clients), timeMs, house: { source: { entry: "soak/chaos/worker/index.ts" } } };
  const { told, granted, folder } = await playThrough(terminal, plan, (world, random) =>
    makeTrouble(world, random, timeMs, (line) => {
      troubles += 1;
      const { unknown, internal } = world.tries;
      terminal.say(
        `  ${String(troubles).padStart(3)}  ${world.told.acked} answers, ${unknown} calls made again (${internal} answered 500)  ${line}`,
      );
    }),
  );
  const { lost, doubled, unbalanced } = tellFindings(terminal, told.findings, { seed, folder });
  const redeemed = [...told.cards.values()].filter((card) => card.redeemed).length;
  terminal.say(
    `troubles=${troubles} acked=${told.acked} redeemed=${redeemed} granted=${granted} lost=${lost} doubled=${doubled} reconciled=${unbalanced === 0}`,
  );
  return told.findings.length === 0 ? 0 : 1;
}
