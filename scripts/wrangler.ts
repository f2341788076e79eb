import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join, relative } from "node:path";

/** The repository's root, where `wrangler.toml` is. */
export const ROOT = join(import.meta.dirname, "..");

/** The local state that `wrangler dev` and the `--local` commands use by themselves. */
export const DEFAULT_STATE = join(ROOT, ".wrangler/state");

const COMMAND_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
/** Of a failed command, the lines worth reading are the last. */
const LAST_LINES = 20;

const WRANGLER = createRequire(import.meta.url)
  .resolve("wrangler/package.json")
  .replace(/package\.json$/, "bin/wrangler.js");

/** How to start wrangler from any program: the Node that runs this, wrangler's own entry, and an environment in which it asks nothing. */
export function wranglerCommand(args: readonly string[]): { file: string; args: string[] } {
  return { file: process.execPath, args: [WRANGLER, ...args] };
}

/** No telemetry, no banner, no question; nothing written outside the project. `without` are names that the parent's environment must not pass on. */
export function wranglerEnvironment(without: readonly string[] = []): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !without.includes(name)));
  return {
    ...inherited,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(ROOT, ".wrangler/logs"),
    WRANGLER_REGISTRY_PATH: join(ROOT, ".wrangler/registry"),
    NO_COLOR: "1",
  };
}

/** Runs a wrangler command to its end and gives what it printed. Rejects with its last lines when it fails. */
export async function runWrangler(args: readonly string[]): Promise<string> {
  const command = wranglerCommand(args);
  return await runCommand(`wrangler ${args.join(" ")}`, command.file, command.args, wranglerEnvironment());
}

/** Runs a program in the repository's root; `label` names it in the error of a failure. */
export async function runCommand(
  label: string,
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { cwd: ROOT, env, timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${label} failed:\n${lastLines(`${stdout}\n${stderr}`)}`, { cause: error }));
      },
    );
    child.stdin?.end();
  });
}

function lastLines(output: string): string {
  return output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-LAST_LINES)
    .join("\n");
}

/** A command against the local state in `persistTo`. */
export function localArguments(args: readonly string[], persistTo: string): string[] {
  return [...args, "--local", ...(persistTo === DEFAULT_STATE ? [] : ["--persist-to", fromRoot(persistTo)])];
}

/** A path as a person in the repository's root would write it. */
export function fromRoot(path: string): string {
  const inside = relative(ROOT, path);
  return inside.startsWith("..") ? path : inside;
}

/** A command as a person would type it. */
export function typedCommand(args: readonly string[]): string {
  return `npx wrangler ${args.map((arg) => (/^[\w./:=@-]+$/.test(arg) ? arg : `'${arg}'`)).join(" ")}`;
}
