import { Unreached } from "./api-call.ts";
import type { Terminal } from "./terminal.ts";

/** Ends the process when it is told to, as shells count it. */
export function exitOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
}

/** Runs a command to its end: the exit status is what `run` gives, or 2 with the error's message, and what to do about it, when it rejects. */
export async function exitWith(run: () => Promise<number>, terminal: Terminal): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    terminal.say(error instanceof Error ? error.message : String(error));
    if (error instanceof Unreached) terminal.say("Is the app running? Start it with npm start, or say --origin URL.");
    process.exitCode = 2;
  }
}
