import { exitWith } from "./exits.ts";
import { boundLedgers, migrateLedgers } from "./migrate-ledgers.ts";
import { openTerminal } from "./terminal.ts";

const ENVIRONMENT = "production";

/** Before a deployment: brings all ledgers of production to the latest migration. */
const terminal = openTerminal();
await exitWith(async () => {
  await migrateLedgers((args) => [...args, "--remote", "--env", ENVIRONMENT], ENVIRONMENT);
  terminal.say(`  ${boundLedgers(ENVIRONMENT).join(", ")}: the tables are there`);
  return 0;
}, terminal);
