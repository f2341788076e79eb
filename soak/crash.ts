import { parseArgs } from "node:util";
import { exitOnSignals } from "../scripts/exits.ts";
import { openTerminal } from "../scripts/terminal.ts";
import { runCrash } from "./crash/run.ts";
import type { Finding } from "./crash/told.ts";
import { chooseSeed } from "./random.ts";

const USAGE = `npm run soak:crash -- --kills 200 [--seed 1] [--minutes 30]
  Clients draw, reveal, redeem and take back while the server is killed again and again; then every answer that was given is held against what is.
  --seed      chooses what is drawn and when is killed; a run prints its own
  --minutes   no further kill after these`;
const MAX_SHOWN_FINDINGS = 20;
const MINUTE_MS = 60_000;

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
  terminal.say(`seed ${seed}`);
  const { killed, told, folder } = await runCrash(terminal, {
    kills: Number(values.kills),
    seed,
    timeMs: Number(values.minutes) * MINUTE_MS,
  });
  const { findings, acked } = told;
  for (const { kind, text } of findings.slice(0, MAX_SHOWN_FINDINGS)) terminal.say(`  ${kind}: ${text}`);
  if (findings.length > MAX_SHOWN_FINDINGS) terminal.say(`  and ${findings.length - MAX_SHOWN_FINDINGS} more`);
  if (findings.length > 0) terminal.say(`seed ${seed}; state, keys and the server's log stay in ${folder}`);
  const count = (kind: Finding["kind"]) => findings.filter((one) => one.kind === kind).length;
  const conserved = count("unbalanced") === 0;
  terminal.say(`kills=${killed} acked=${acked} lost=${count("lost")} doubled=${count("doubled")} conserved=${conserved}`);
  return findings.length === 0 ? 0 : 1;
}
