import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, platform, release } from "node:os";
import { join } from "node:path";
import type { Terminal } from "../scripts/terminal.ts";
import { runCommand } from "../scripts/wrangler.ts";
import { versions } from "./versions.ts";

/** What the report is made of. */
export const RESULTS = join(import.meta.dirname, "results");
const SIGNIFICANT_DIGITS = 4;

/** On what a result was had, and by which command. */
export interface Circumstances {
  /** ISO 8601. */
  readonly at: string;
  readonly command: string;
  /** With `+` behind it where files had been changed since. */
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly system: string };
  readonly versions: Readonly<Record<string, string>>;
}

/** Keeps a result with its circumstances as `bench/results/<name>.json`, and says it as one line of JSON. */
export async function keepResult(
  terminal: Terminal,
  name: string,
  result: object,
  others: Readonly<Record<string, string>> = {},
): Promise<void> {
  const whole = { ...(await circumstances(others)), ...result };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${name}.json`), `${JSON.stringify(whole, rounded, 2)}\n`);
  terminal.say(JSON.stringify(whole, rounded));
}

async function circumstances(others: Readonly<Record<string, string>>): Promise<Circumstances> {
  const git = async (...args: string[]) => (await runCommand("git", "git", args)).trim();
  const changed = await git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results");
  const script = process.env["npm_lifecycle_event"] ?? "";
  const args = process.argv.slice(2);
  return {
    at: new Date().toISOString(),
    command: ["npm run", script, ...(args.length === 0 ? [] : ["--", ...args])].join(" "),
    commit: `${await git("rev-parse", "--short", "HEAD")}${changed === "" ? "" : "+"}`,
    machine: { cpu: cpus()[0]?.model ?? "", cores: cpus().length, system: `${platform()} ${release()} ${arch()}` },
    versions: { ...versions(), ...others },
  };
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(SIGNIFICANT_DIGITS)) : value;
}
