import { join } from "node:path";
import { parseArgs } from "node:util";
import { KEY_FILES } from "../sandbox/keys.ts";
import { DEMO_CAMPAIGN } from "./demo-campaign.ts";
import { ED25519_KEY_ID, HMAC_KEY_ID } from "./demo-partner.ts";
import { drawOne } from "./draw.ts";
import { openDemoClients, prepareDemoCampaign } from "./prepare-demo.ts";
import { startStack } from "./stack.ts";
import { openTerminal } from "./terminal.ts";
import { fromRoot } from "./wrangler.ts";

/** `npm start`: everything that Kuji is, on this machine, with a demo campaign to play. `--verbose` shows all that wrangler says. */
const { verbose } = readOptions();
const terminal = openTerminal();
const startedAt = performance.now();

// Until the stack stands, a signal ends this process, and its exit ends what it started.
const abandon = (): never => process.exit(130);
process.once("SIGINT", abandon).once("SIGTERM", abandon).once("SIGHUP", abandon);

try {
  const stack = await startStack({ terminal, verbose });
  const end = async (exitCode: number): Promise<never> => {
    await stack.stop();
    process.exit(exitCode);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.off(signal, abandon);
    process.once(signal, () => {
      terminal.say("\nStopping …");
      void end(0);
    });
  }
  stack.onUnwantedEnd((reason) => {
    terminal.say(reason);
    void end(1);
  });

  const clients = await openDemoClients(stack, terminal);
  await prepareDemoCampaign(stack, clients, terminal, Date.now());
  const { url } = await terminal.step("a card is drawn", () => drawOne(clients.partner, DEMO_CAMPAIGN));
  stack.share();
  const { appOrigin, sandboxOrigin, keysDir } = stack;
  const key = (file: string) => fromRoot(join(keysDir, file));
  terminal.say(`
Kuji is up after ${Math.round((performance.now() - startedAt) / 1000)} s. Open this card and scratch it:

  ${url}

  another card      npm run demo -- --link
  a whole round     npm run demo                   one card, from the draw to the ledger, here in the terminal
  a crowd           npm run demo -- --cards 500    and every prize counted in the end
  the API           ${appOrigin}/docs
  the sandbox       ${sandboxOrigin}
  keys              ${key(KEY_FILES.demoKey)} (keyid ${ED25519_KEY_ID}), ${key(KEY_FILES.demoSecret)} (keyid ${HMAC_KEY_ID})

Ctrl-C ends everything.`);
} catch (error) {
  terminal.say(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function readOptions(): { readonly verbose: boolean } {
  try {
    return parseArgs({ options: { verbose: { type: "boolean", default: false } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\nnpm start [-- --verbose]`);
    process.exit(2);
  }
}
