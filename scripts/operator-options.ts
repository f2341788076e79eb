import { parseArgs } from "node:util";
import type { ParseArgsOptionsConfig } from "node:util";

/** What each command for operators takes. */
export const OPERATOR_OPTIONS = {
  campaign: { type: "string" },
  origin: { type: "string" },
  "access-token": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** A command was not given what it takes; its help says what that is. */
export class Misuse extends Error {
  override readonly name = "Misuse";

  constructor(message: string) {
    super(`${message}\n--help tells what this takes.`);
  }
}

/** A command's options. Throws `Misuse` for one that it does not have, one that is given twice, and whatever is no option. */
export function readOptions<Options extends ParseArgsOptionsConfig>(options: Options, args: readonly string[] = process.argv.slice(2)) {
  const { values, tokens } = parsed(options, args);
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (seen.has(token.name)) throw new Misuse(`--${token.name} is given twice`);
    seen.add(token.name);
  }
  return values;
}

function parsed<Options extends ParseArgsOptionsConfig>(options: Options, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, tokens: true });
  } catch (error) {
    throw new Misuse(error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error));
  }
}

/** As `worker/campaign/schema.ts` has it: whatever else is said is a slip, and no part of an address. */
const CAMPAIGN_ID = /^[a-z0-9][a-z0-9-]{1,62}$/;

/** The campaign that a command is for. Throws `Misuse` where none is named, or by what cannot be an id. */
export function campaignOf({ campaign }: { readonly campaign?: string | undefined }): string {
  if (campaign === undefined) throw new Misuse("Which campaign? Say --campaign ID");
  if (!CAMPAIGN_ID.test(campaign)) {
    throw new Misuse(`--campaign is an id of 2 to 63 lower-case letters, digits and hyphens, not ${JSON.stringify(campaign)}`);
  }
  return campaign;
}
