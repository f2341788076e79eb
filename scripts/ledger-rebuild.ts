import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient, Rebuilding, RebuildSource, Rebuilt } from "./admin-client.ts";
import { Unreached } from "./api-call.ts";
import { exitWith } from "./exits.ts";
import { findOperator } from "./found-app.ts";
import { campaignOf, Misuse, OPERATOR_OPTIONS, readOptions } from "./operator-options.ts";
import { openTerminal } from "./terminal.ts";

const USAGE = `npm run ledger:rebuild -- --campaign ID --from issuers|lake [--instead] [--origin URL] [--access-token TOKEN]
    Wipes a campaign's ledger in D1 and makes it again.
    --from          issuers: of the cards as their issuers hold them; lake: of the blocks that were settled. What became of rewards is read from the lake both times
    --instead       a rebuild from the other source, which is under way and perhaps waits for an issuer, goes on from this one
    --origin        the app; without it, the running npm start
    --access-token  what lets an operator in (cloudflared access token); or KUJI_ACCESS_TOKEN; not needed beside npm start

While it runs, the campaign goes on, what it does waits with the issuers, and what reads the ledger sees a part of it. Stopped half-way, it is gone on with when
this is run again, or else by the app itself after some minutes. It cannot be given up: the ledger is not whole before its end.

Rewards that the ledger had as pending before are asked for afterwards. Any other of which the lake does not tell may have been granted: it is held. For those,
  1. what is damaged or missing in the lake may be put back from a copy, with its metadata (lake/README.md); then this is run again;
  2. npm run reconcile has those granted that are in their provider's own list;
  3. npm run redrive -- --campaign ID --held --dry-run tells of those that are left, and without --dry-run they are asked for.

Exit status 0: the ledger says what it said before; 1: it says something else now; 2: it could not be done, something in the lake was damaged or missing, or rewards
are held.`;

const OPTIONS = { ...OPERATOR_OPTIONS, from: { type: "string" }, instead: { type: "boolean", default: false } } as const;
/** How often it is asked whether somebody who did not answer does now, and how long between; then it is left to the app. */
const MAX_WAITS = 20;
const WAIT_MS = 3_000;

/** What is done, by the phase that the app tells. */
const PHASES: Readonly<Record<string, string>> = {
  hash: "what the ledger says is read",
  archive: "outcomes of rewards are brought to the lake",
  wipe: "the ledger is wiped",
  issuers: "the issuers' cards are read",
  lake: "the lake's blocks are read",
  check: "whether blocks are missing",
  outcomes: "outcomes of rewards are read",
  count: "cards are counted",
  rewards: "rewards are counted, and due or held",
  forget: "what was noted is dropped",
  end: "the end",
};

const terminal = openTerminal();

await exitWith(run, terminal);

async function run(): Promise<number> {
  const values = readOptions(OPTIONS);
  const { from, instead } = values;
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  const campaign = campaignOf(values);
  if (from !== "issuers" && from !== "lake") throw new Misuse("From what? Say --from issuers or --from lake");
  return await rebuild(await findOperator(values), campaign, { from, instead });
}

interface Order {
  readonly from: RebuildSource;
  readonly instead: boolean;
}

async function rebuild(admin: AdminClient, campaign: string, order: Order): Promise<number> {
  const { cards, blocks, rewards, damaged, missing, held, faults, hashBefore, hashAfter } = await toItsEnd(admin, campaign, order);
  const isSame = hashAfter === hashBefore;
  for (const fault of faults) terminal.say(`  ${fault}`);
  if (held > 0) {
    terminal.say(
      `  ${held} rewards may have been granted, and the lake does not tell: they are held, and nobody is asked for them. To do (--help tells more):`,
    );
    if (damaged + missing > 0) terminal.say("    put back what is damaged or missing in the lake, and run this again;");
    terminal.say(
      `    npm run reconcile -- --campaign ${campaign}                  takes those for granted that are in their provider's own list`,
    );
    terminal.say(
      `    npm run redrive -- --campaign ${campaign} --held --dry-run   tells of the rest; without --dry-run, they are asked for`,
    );
  }
  if (!isSame) terminal.say("  the ledger said something else before: npm run reconcile holds what it says now against the issuers");
  const counts = `cards=${cards} blocks=${blocks} granted=${rewards.granted} pending=${rewards.pending} failed=${rewards.failed}`;
  const lacking = `damaged=${damaged} missing=${missing} held=${held}`;
  terminal.say(
    `campaign=${campaign} from=${order.from} ${counts} ${lacking} hash-before=${hashBefore} hash-after=${hashAfter} same=${isSame}`,
  );
  if (damaged + missing + held > 0) return 2;
  return isSame ? 0 : 1;
}

async function toItsEnd(admin: AdminClient, campaign: string, { from, instead }: Order): Promise<Rebuilt> {
  const begun = await admin.beginRebuild(campaign, from, instead);
  try {
    for (let told: Rebuilding | Rebuilt = begun, waits = 0; ;) {
      if (told.done) return told;
      terminal.say(`  ${PHASES[told.phase] ?? told.phase}: ${told.cards} cards, ${told.blocks} blocks`);
      waits = told.waitsFor === undefined ? 0 : waits + 1;
      if (told.waitsFor !== undefined) await wait(campaign, from, told.waitsFor, waits);
      told = await admin.goOnRebuilding(campaign, from, begun);
    }
  } catch (error) {
    if (error instanceof Unreached)
      terminal.say(
        "The rebuild is under way: the app goes on with it by itself when it runs, and this shows how far it is when it is run again.",
      );
    throw error;
  }
}

async function wait(campaign: string, from: RebuildSource, who: string, waits: number): Promise<void> {
  terminal.say(`  … ${who}`);
  if (waits < MAX_WAITS) {
    await sleep(WAIT_MS);
    return;
  }
  const other =
    from === "issuers" ? `\nOr have it made of the lake: npm run ledger:rebuild -- --campaign ${campaign} --from lake --instead` : "";
  throw new Error(
    `It waits: ${who}. The ledger is not whole until it does: the app goes on by itself then, and so does this when it is run again.${other}`,
  );
}
