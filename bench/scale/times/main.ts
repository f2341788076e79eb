import { parseArgs } from "node:util";
import { exitOnSignals, exitWith } from "../../../scripts/exits.ts";
import { openTerminal, table } from "../../../scripts/terminal.ts";
import type { Terminal } from "../../../scripts/terminal.ts";
import { syncsPerSecond } from "../../peers/disk.ts";
import { keepResult } from "../../keep-result.ts";
import { measureTimes } from "./measure.ts";
import { prepareTiming } from "./prepare.ts";
import type { MeasuredTimes } from "./service-times.ts";

const USAGE = `npm run bench:service-times
  What each part of the app takes of one thread, by the CPU time of workerd's serving thread: what bench:simulate is driven by. Takes a minute; wants Linux.`;
const DISK_MS = 1_000;

const { values } = parseArgs({ options: { help: { type: "boolean", short: "h", default: false } } });
exitOnSignals();
const terminal = openTerminal();
if (values.help) console.log(USAGE);
else await exitWith(run, terminal);

async function run(): Promise<number> {
  const house = await prepareTiming(terminal);
  try {
    const measured = await measureTimes(house, terminal);
    const syncs = await syncsPerSecond(house.folder, DISK_MS);
    show(terminal, measured, syncs);
    await keepResult(terminal, "service-times", { ...measured, syncsPerSecond: syncs });
    return 0;
  } finally {
    await house.close({ keep: false });
  }
}

function show(out: Terminal, { times, sizes, errors, contention }: MeasuredTimes, syncs: number): void {
  const rows = Object.entries(times).flatMap(([part, each]) =>
    Object.entries(each as Record<string, number>).map(([what, ms]) => [part, what, (ms * 1_000).toFixed(1)]),
  );
  out.say(`\n${table(["", "", "µs"], rows)}\n`);
  out.say(
    `${table(
      ["", "bytes"],
      Object.entries(sizes).map(([what, bytes]) => [what, Math.round(bytes)]),
    )}\n`,
  );
  const worst = Object.entries(errors).map(([what, error]) => `${what} ${Math.round(error * 100)} %`);
  out.say(`worst errors of the fits: ${worst.join(", ")}`);
  out.say(
    `the disk: ${Math.round(syncs)} pages a second, each on it before the next; the thread waited for the core ${contention.toFixed(1)} times as long as it worked\n`,
  );
}
