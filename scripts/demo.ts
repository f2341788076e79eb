import { parseArgs } from "node:util";
import { DEMO_CAMPAIGN } from "./demo-campaign.ts";
import { drawOne } from "./draw.ts";
import { playMany, showReckoned } from "./play-many.ts";
import { playOne } from "./play-one.ts";
import { openDemoClients, prepareDemoCampaign } from "./prepare-demo.ts";
import { findClaim } from "./state-claim.ts";
import { startStack } from "./stack.ts";
import type { House } from "./house.ts";
import { exitOnSignals } from "./exits.ts";
import { openTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { DEFAULT_STATE } from "./wrangler.ts";

const USAGE = `npm run demo                                    one card, from the draw to the ledger's row of its reward
npm run demo -- --cards 500 [--winners 400]     as many cards, each played by a user of its own, and every prize counted
npm run demo -- --link                          the link of a fresh card

Against a running npm start, or one started for it. Exit status 1 when anything is not as it must be.`;

const MAX_CARDS = 100_000;
const DEFAULT_WINNING_SHARE = 0.8;

const terminal = openTerminal();
exitOnSignals();

try {
  process.exitCode = await run();
} catch (error) {
  terminal.say(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
// Connections that were kept alive would hold the process for a while.
process.exit();

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cards: { type: "string" },
      winners: { type: "string" },
      link: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  const cards = values.cards === undefined ? null : wholeNumber("--cards", values.cards, 1, MAX_CARDS);
  const winners =
    values.winners === undefined
      ? Math.floor((cards ?? 0) * DEFAULT_WINNING_SHARE)
      : wholeNumber("--winners", values.winners, 0, cards ?? 0);

  const house = await openHouse(terminal);
  try {
    const clients = await openDemoClients(house, terminal);
    if (cards !== null) {
      const reckoned = await playMany(house, clients, terminal, { cards, winners });
      showReckoned(reckoned, terminal);
      if (reckoned.differences.length > 0) return 1;
      await clients.admin.changeStatus(reckoned.campaign, "close");
      terminal.say(
        `The campaign is closed and its seeds are public. While npm start runs, hold every card against them:\n  npm run verify -- --campaign ${reckoned.campaign}`,
      );
      return 0;
    }
    await prepareDemoCampaign(house, clients, terminal, Date.now());
    if (values.link) terminal.say(`\n  ${(await drawOne(clients.partner, DEMO_CAMPAIGN)).url}\n`);
    else await playOne(house, clients, terminal);
    return 0;
  } finally {
    await house.close();
  }
}

/** A running `npm start`, or a stack of our own that ends with us. */
async function openHouse(shown: Terminal): Promise<House & { close(): Promise<void> }> {
  const found = await findClaim(DEFAULT_STATE);
  if (found.status === "held" && found.claim.shared) {
    shown.say(`Against the app at ${found.claim.appOrigin}.`);
    return { ...found.claim, close: () => Promise.resolve() };
  }
  const stack = await startStack({ terminal: shown });
  stack.onUnwantedEnd((reason) => {
    shown.say(reason);
    process.exit(1);
  });
  return { ...stack, close: () => stack.stop() };
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Error(`${option} is a whole number from ${min} to ${max}, not ${text}`);
  return value;
}
