import { parseArgs } from "node:util";
import type { AdminClient, AdminInvariants, Reconciled } from "./admin-client.ts";
import { exitWith } from "./exits.ts";
import { findOperator, OPERATOR_OPTIONS } from "./found-app.ts";
import { openTerminal, table } from "./terminal.ts";
import { waitFor } from "./wait.ts";

const USAGE = `npm run reconcile -- --campaign ID [--origin URL] [--access-token TOKEN]
    Counts a campaign in pool, issuers and ledger, and holds every card of the issuers against the ledger.
    --origin        the app; without it, the running npm start
    --access-token  what lets an operator in (cloudflared access token); or KUJI_ACCESS_TOKEN; not needed beside npm start

Exit status 0: nothing differs; 1: something does, and is named; 2: it could not be looked at.`;

/** A block that was lost is sent again after 15 s. A campaign that is played all the while is looked at as it is. */
const SETTLING_TIMEOUT_MS = 30_000;
const PROGRESS_EVERY_CARDS = 50_000;

const terminal = openTerminal();

await exitWith(run, terminal);

async function run(): Promise<number> {
  const { values } = parseArgs({ options: OPERATOR_OPTIONS });
  const { campaign } = values;
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  if (campaign === undefined) throw new Error(USAGE);
  return await reconcile(await findOperator(values), campaign);
}

async function reconcile(admin: AdminClient, campaign: string): Promise<number> {
  await settled(admin, campaign);
  const { compared, waiting, differing } = await compareCards(admin, campaign);
  const { prizes, differences } = await admin.invariants(campaign);
  terminal.say(`\n${balances(prizes)}\n`);
  // The counts are of now, and the cards were looked at just before.
  const counts = differences.filter((difference) => !difference.startsWith("card "));
  for (const difference of counts) terminal.say(`  ${difference}`);
  terminal.say(`campaign=${campaign} cards=${compared} on-the-way=${waiting} differing=${differing} differences=${counts.length}`);
  return differing + counts.length === 0 ? 0 : 1;
}

/** Waits, for a while, until no block is on its way. */
async function settled(admin: AdminClient, campaign: string): Promise<void> {
  const onTheWay = async () => {
    const { unsettled } = await admin.invariants(campaign);
    return unsettled.blocks + unsettled.events;
  };
  const first = await onTheWay();
  if (first === 0) return;
  terminal.say(`  blocks are on their way to the ledger: waiting for them`);
  try {
    await waitFor({ what: "the ledger", timeoutMs: SETTLING_TIMEOUT_MS }, async () => ((await onTheWay()) === 0 ? true : null));
  } catch {
    terminal.say(`  blocks are still on their way: cards that they tell of are counted as such, and not as differing`);
  }
}

async function compareCards(admin: AdminClient, campaign: string): Promise<{ compared: number; waiting: number; differing: number }> {
  const sum = { compared: 0, waiting: 0, differing: 0 };
  for (let cursor: object | null = null, told = 0; ;) {
    const step: Reconciled = await admin.reconcile(campaign, cursor);
    for (const { cardId, faults } of step.differences) terminal.say(`  card ${cardId}: ${faults.join("; ")}`);
    sum.compared += step.compared;
    sum.waiting += step.waiting;
    sum.differing += step.differences.length;
    if (sum.compared >= told + PROGRESS_EVERY_CARDS) {
      told = sum.compared;
      terminal.say(`  ${told} cards`);
    }
    if (step.next === null) return sum;
    cursor = step.next;
  }
}

/** loaded = unleased + held + live + voided + expired: a card that is voided or expired and whose place was returned is stock again. */
function balances(prizes: AdminInvariants["prizes"]): string {
  const stock = ["loaded", "unleased", "held", "live", "voided", "expired"];
  const rows = prizes.map((balance) => {
    const { prize, loaded, unleased, held, issued, voidedKept, expiredKept, returned, issuedAsFallback, redeemed, rewards } = balance;
    const live = issued - voidedKept - expiredKept;
    const { granted, pending, failed } = rewards;
    return [prize, loaded, unleased, held, live, voidedKept, expiredKept, returned, issuedAsFallback, redeemed, granted, pending, failed];
  });
  return table(["prize", ...stock, "returned", "fallback", "redeemed", "granted", "pending", "failed"], rows);
}
