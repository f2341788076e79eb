import type { AdminClient } from "./admin-client.ts";
import { exitWith } from "./exits.ts";
import { findOperator } from "./found-app.ts";
import { campaignOf, OPERATOR_OPTIONS, readOptions } from "./operator-options.ts";
import { openTerminal, table } from "./terminal.ts";

const USAGE = `npm run redrive -- --campaign ID [--held] [--dry-run] [--origin URL] [--access-token TOKEN]
    Asks again for every reward of a campaign that failed, and says what each had failed of.
    --held          those that are held instead, for it is not known whether they were granted (npm run ledger:rebuild). Each is asked for under its key: a provider
                    that has granted it and remembers the key grants it once; LINE forgets the key of a message after a day, and shows it again
    --dry-run       only says what would be redriven
    --origin        the app; without it, the running npm start
    --access-token  what lets an operator in (cloudflared access token); or KUJI_ACCESS_TOKEN; not needed beside npm start

Exit status 0: done; 1: such rewards are left; 2: it could not be done.`;

/** A hundred thousand rewards; who has more failed ones looks first what is wrong. */
const MAX_CALLS = 200;

const OPTIONS = {
  ...OPERATOR_OPTIONS,
  held: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
} as const;

const terminal = openTerminal();

await exitWith(run, terminal);

async function run(): Promise<number> {
  const values = readOptions(OPTIONS);
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  const campaign = campaignOf(values);
  return await redrive(await findOperator(values), campaign, { dryRun: values["dry-run"], held: values.held });
}

interface Wish {
  readonly dryRun: boolean;
  readonly held: boolean;
}

async function redrive(admin: AdminClient, campaign: string, { dryRun, held }: Wish): Promise<number> {
  const reasons = new Map<string, number>();
  let redriven = 0;
  let remaining = 0;
  for (let call = 0; call < MAX_CALLS; call += 1) {
    const done = await admin.redrive(campaign, { dryRun, held });
    for (const { prize, lastError = "" } of done.redriven) {
      const reason = `${prize}\n${lastError}`;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    redriven += done.redriven.length;
    ({ remaining } = done);
    if (!dryRun) terminal.say(`  ${redriven} rewards are asked for again, ${remaining} are left`);
    if (dryRun || remaining === 0 || done.redriven.length === 0) break;
  }
  if (reasons.size > 0) {
    const rows = [...reasons].map(([reason, rewards]) => [...reason.split("\n"), rewards]);
    terminal.say(`\n${table(["prize", held ? "why it was held" : "had failed of", "rewards"], rows)}\n`);
  }
  if (dryRun) {
    const more = remaining === 0 ? "" : `, and ${remaining} more`;
    terminal.say(`would be redriven: ${redriven} rewards of ${campaign}${more}`);
    return 0;
  }
  terminal.say(`campaign=${campaign} redriven=${redriven} remaining=${remaining}`);
  return remaining === 0 ? 0 : 1;
}
