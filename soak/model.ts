import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { openTerminal } from "../scripts/terminal.ts";
import { chooseSeed } from "./random.ts";

const USAGE = `npm run soak:model -- [--runs 2000] [--commands 100] [--seed 1] [--path 17:3:0] [--kill-all-only]
  Small campaigns are played in the real runtime, with objects killed, calls lost and alarms doubled, and held against a model.
  --path            only this case of the seed's, as a failing run prints it
  --kill-all-only   objects are killed all at once and never one by one, as in npm test`;
/** The test's own lines, among those of the runner. */
const PROGRESS = /model (\d+) of \d+ runs/;
const ENDED = /model ended after (\d+) runs/;
const NOISE = /^(stack: |uncaught exception; exception = .*killed by the model)/;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    commands: { type: "string", default: "100" },
    seed: { type: "string" },
    path: { type: "string" },
    "kill-all-only": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) console.log(USAGE);
else process.exit(await soak(chooseSeed(values.seed) | 0));

async function soak(seed: number): Promise<number> {
  const terminal = openTerminal();
  terminal.say(`seed ${seed}`);
  const { path } = values;
  const [runs, commands] = [Number(values.runs), Number(values.commands)];
  const asked = { runs, commands, seed, killOne: !values["kill-all-only"], ...(path === undefined ? {} : { path }) };
  // Without the reporter that ends a run in which no test begins or ends for long: here is one, and it may take hours.
  const vitest = spawn("vitest", ["run", "--reporter", "default", "--project", "workerd", "durable-objects/model/"], {
    env: { ...process.env, NO_COLOR: "1", MODEL_RUN: JSON.stringify(asked) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => vitest.kill(signal));
  const told: string[] = [];
  let done = 0;
  const read = async (lines: AsyncIterable<string>): Promise<void> => {
    for await (const line of lines) {
      const progress = PROGRESS.exec(line);
      const end = ENDED.exec(line);
      if (progress !== null) terminal.progress("runs", Number(progress[1]), runs);
      if (end !== null) done = Number(end[1]);
      if (progress === null && !NOISE.test(line)) told.push(line);
    }
  };
  const ended = new Promise<number>((resolve, reject) => vitest.once("error", reject).once("close", (code) => resolve(code ?? 1)));
  await Promise.all([read(createInterface(vitest.stdout)), read(createInterface(vitest.stderr))]);
  const failed = (await ended) !== 0;
  if (failed) terminal.say(told.join("\n"));
  terminal.say(`runs=${done} commands=${done * commands} failures=${failed ? 1 : 0} seed=${seed}`);
  return failed || done === 0 ? 1 : 0;
}
