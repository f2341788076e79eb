import { NOTHING, table } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import type { CheckedBooks } from "./check-books.ts";
import { shedShareOf } from "./judge.ts";
import type { Run } from "./run.ts";
import type { Latency } from "./tally.ts";

/** Prints what a load came to. */
export function showRun(terminal: Terminal, name: string, run: Run): void {
  const { planned, achieved, requestsPerSecond, cpuMicrosPerRequest, rssMb, figures } = run;
  const { overall, steps, phases, shed, errors, lag, busy } = figures;
  const cpu = cpuMicrosPerRequest === null ? "" : `; ${cpuMicrosPerRequest.toFixed(0)} µs of the server's CPU a request`;
  const memory = rssMb === null ? "" : `; ${rssMb.toFixed(0)} MB`;
  terminal.say(
    `\n${name}: planned ${planned.toFixed(1)} visits/s, achieved ${achieved.toFixed(1)}, in ${requestsPerSecond.toFixed(0)} requests/s${cpu}${memory}`,
  );
  const parts =
    Object.keys(phases).length > 1 ? Object.entries(phases).map(([phase, latency]) => row(`  came in the ${phase}`, latency)) : [];
  const rows = [row("all", overall), ...Object.entries(steps).map(([step, latency]) => row(`  ${step}`, latency)), ...parts];
  const own = row("the generator's own lag", lag);
  terminal.say(table(["", "answers", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"], [...rows, own]));
  const refused = shed.calls + shed.partly;
  const share = `${(shedShareOf(figures) * 100).toFixed(1)} % of the answers`;
  const quickly = shed.calls === 0 ? "" : `, in ${shed.answeredIn.p50Ms.toFixed(1)} ms (p50)`;
  terminal.say(`refused for load, to come back: ${refused === 0 ? "none" : `${refused}, ${share}${quickly}`}`);
  terminal.say(
    `errors: ${
      Object.keys(errors).length === 0
        ? "none"
        : Object.entries(errors)
            .map(([error, times]) => `${times} × ${error}`)
            .join(", ")
    }`,
  );
  terminal.say(`the generator was busy for ${Math.round(busy * 100)} % of the time`);
}

function row(name: string, { count, p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: Latency): (string | number)[] {
  const ms = (value: number) => (count === 0 ? NOTHING : Number(value.toFixed(1)));
  return [name, count, ms(p50Ms), ms(p90Ms), ms(p99Ms), ms(p999Ms), ms(maxMs)];
}

/** Prints whether a load held. */
export function showVerdict(
  terminal: Terminal,
  { verdict }: Run,
  { p99Ms, phase }: { readonly p99Ms: number; readonly phase: string },
): void {
  switch (verdict.status) {
    case "held":
      terminal.say(`held: no errors, p99 below ${p99Ms} ms (${phase})`);
      return;
    case "broken":
      terminal.say(`broken: ${verdict.faults.join("; ")}`);
      return;
    case "refused":
      terminal.say(`no figure: ${verdict.reason}`);
  }
}

export function showBooks(terminal: Terminal, { cards, rewards, settledInSeconds, faults }: CheckedBooks): void {
  const { granted, pending, failed } = rewards;
  terminal.say(
    `${cards} cards; rewards: ${granted} granted, ${pending} pending, ${failed} failed; settled ${settledInSeconds.toFixed(1)} s after the load`,
  );
  for (const fault of faults) terminal.say(`  wrong: ${fault}`);
}
