import { parseArgs } from "node:util";
import type { AdminClient, Rebuilding, RebuildSource, Rebuilt } from "./admin-client.ts";
import { exitWith } from "./exits.ts";
import { findOperator, OPERATOR_OPTIONS } from "./found-app.ts";
import { openTerminal } from "./terminal.ts";

const USAGE = `npm run ledger:rebuild -- --campaign ID --from issuers|lake [--origin URL] [--access-token TOKEN]
    Wipes a campaign's ledger in D1 and makes it again.
    --from          issuers: of the cards as their issuers hold them; lake: of the blocks that were settled. What became of rewards is read from the lake both times
    --origin        the app; without it, the running npm start
    --access-token  what lets an operator in (cloudflared access token); or KUJI_ACCESS_TOKEN; not needed beside npm start

While it runs, the campaign goes on, what it does waits with the issuers, and what reads the ledger sees a part of it. Stopped half-way, it is gone on with when
this is run again, or else by the app itself after some minutes.

Exit status 0: the ledger says what it said before; 1: it says something else now; 2: it could not be done, or something in the lake was damaged.`;

const terminal = openTerminal();

await exitWith(run, terminal);

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { ...OPERATOR_OPTIONS, from: { type: "string" } } });
  const { campaign, from } = values;
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  if (campaign === undefined || (from !== "issuers" && from !== "lake")) throw new Error(USAGE);
  return await rebuild(await findOperator(values), campaign, from);
}

async function rebuild(admin: AdminClient, campaign: string, from: RebuildSource): Promise<number> {
  const { cards, blocks, rewards, damaged, hashBefore, hashAfter } = await toItsEnd(admin, campaign, from);
  const isSame = hashAfter === hashBefore;
  if (damaged > 0) terminal.say(`  ${damaged} objects of the lake are not as they were written, and were left out: the log names them`);
  if (!isSame) terminal.say("  the ledger said something else before: npm run reconcile holds what it says now against the issuers");
  const counts = `cards=${cards} blocks=${blocks} granted=${rewards.granted} pending=${rewards.pending} failed=${rewards.failed}`;
  terminal.say(
    `campaign=${campaign} from=${from} ${counts} damaged=${damaged} hash-before=${hashBefore} hash-after=${hashAfter} same=${isSame}`,
  );
  if (damaged > 0) return 2;
  return isSame ? 0 : 1;
}

async function toItsEnd(admin: AdminClient, campaign: string, from: RebuildSource): Promise<Rebuilt> {
  const begun = await admin.beginRebuild(campaign, from);
  for (let told: Rebuilding | Rebuilt = begun; ;) {
    if (told.done) return told;
    terminal.say(`  ${told.phase}: ${told.cards} cards, ${told.blocks} blocks`);
    told = await admin.goOnRebuilding(campaign, from, begun);
  }
}
