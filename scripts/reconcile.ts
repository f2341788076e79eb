import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient, AdminInvariants, Reconciled } from "./admin-client.ts";
import { exitWith } from "./exits.ts";
import { findOperator } from "./found-app.ts";
import { campaignOf, OPERATOR_OPTIONS, readOptions } from "./operator-options.ts";
import { describeProvider, ProviderTallies } from "./provider-tallies.ts";
import { openTerminal, table } from "./terminal.ts";
import { waitFor } from "./wait.ts";

const USAGE = `npm run reconcile -- --campaign ID [--origin URL] [--access-token TOKEN]
    Counts a campaign in pool, issuers and ledger, and holds every card of the issuers against the ledger, and every reward in the ledger against the
    lists of the reward providers that have one.
    --origin        the app; without it, the running npm start
    --access-token  what lets an operator in (cloudflared access token); or KUJI_ACCESS_TOKEN; not needed beside npm start

Exit status 0: nothing differs; 1: something does, and is named; 2: it could not be looked at, or a provider's list could not.`;

/** A block that was lost is sent again after 15 s. A campaign that is played all the while is looked at as it is. */
const SETTLING_TIMEOUT_MS = 30_000;
const PROGRESS_EVERY_CARDS = 50_000;
/** How often a page of a provider's list is asked for before it is left, and how long between: a breath for one that is slow, not for an outage. */
const MAX_ASKS = 4;
const ASK_AGAIN_MS = 5_000;

const terminal = openTerminal();

await exitWith(run, terminal);

async function run(): Promise<number> {
  const values = readOptions(OPERATOR_OPTIONS);
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  const campaign = campaignOf(values);
  return await reconcile(await findOperator(values), campaign);
}

async function reconcile(admin: AdminClient, campaign: string): Promise<number> {
  await settled(admin, campaign);
  terminal.say(`  ${campaign}: each card of its issuers, each row of the ledger and each provider's list is looked at`);
  const { compared, waiting, differing, providers } = await compareCards(admin, campaign);
  const { prizes, differences, heldRewards } = await admin.invariants(campaign);
  terminal.say(`\n${balances(prizes)}\n`);
  // The counts are of now, and the cards were looked at just before.
  const counts = differences.filter((difference) => !difference.startsWith("card "));
  for (const difference of counts) terminal.say(`  ${difference}`);
  if (heldRewards > 0) terminal.say(`  npm run redrive -- --campaign ${campaign} --held --dry-run   tells why they are held`);
  for (const provider of providers.all) terminal.say(`  ${describeProvider(provider)}`);
  const { grants, unasked } = providers.sum();
  const cards = `cards=${compared} on-the-way=${waiting} differing=${differing} differences=${counts.length}`;
  terminal.say(`campaign=${campaign} ${cards} grants=${grants} providers-not-asked=${unasked}`);
  if (differing + counts.length > 0) return 1;
  return unasked === 0 ? 0 : 2;
}

/** Waits, for a while, until no block is on its way: not for a ledger that is being rebuilt, which takes none, and is not compared either. */
async function settled(admin: AdminClient, campaign: string): Promise<void> {
  const onTheWay = async () => {
    const { unsettled, rebuild } = await admin.invariants(campaign);
    return rebuild === undefined ? unsettled.blocks + unsettled.events : 0;
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

interface Compared {
  readonly compared: number;
  readonly waiting: number;
  readonly differing: number;
  readonly providers: ProviderTallies;
}

async function compareCards(admin: AdminClient, campaign: string): Promise<Compared> {
  const sum = { compared: 0, waiting: 0, differing: 0, providers: new ProviderTallies() };
  for (let cursor: object | null = null, told = 0; ;) {
    const step = await stepFrom(admin, campaign, cursor);
    for (const { cardId, faults } of step.differences) terminal.say(`  card ${cardId}: ${faults.join("; ")}`);
    sum.compared += step.compared;
    sum.waiting += step.waiting;
    sum.differing += step.differences.length;
    if (step.provider !== undefined) sum.providers.add(step.provider, step.differences.length);
    if (sum.compared >= told + PROGRESS_EVERY_CARDS) {
      told = sum.compared;
      terminal.say(`  ${told} cards`);
    }
    if (step.next === null) {
      terminal.say(`  ${sum.compared} cards are compared`);
      return sum;
    }
    cursor = step.next;
  }
}

/** One step; where a provider could not be asked, the same some times more. */
async function stepFrom(admin: AdminClient, campaign: string, cursor: object | null): Promise<Reconciled> {
  for (let asks = 1; ; asks += 1) {
    const step = await admin.reconcile(campaign, cursor);
    if (step.provider?.status !== "unasked" || asks === MAX_ASKS) return step;
    await sleep(ASK_AGAIN_MS);
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
