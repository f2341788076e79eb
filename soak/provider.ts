import { parseArgs } from "node:util";
import { exitOnSignals } from "../scripts/exits.ts";
import { openTerminal } from "../scripts/terminal.ts";
import { judge } from "./provider/judge.ts";
import { FAULT_MODES, runProvider } from "./provider/run.ts";
import { REMOTE_KINDS } from "./provider/system.ts";

const USAGE = `npm run soak:provider -- [--cards 2000] [--kind ${REMOTE_KINDS.join("|")}] [--mode ${FAULT_MODES.join("|")}] [--seconds 60] [--permits 100]
  Everybody wins, and in the middle the reward provider fails for a minute: nobody's prize is lost or granted twice, the provider is left alone while
  it is down and never called faster than it permits, and all is granted within a minute of its return.
  --kind      of prize: points of a reward system, or what LINE hands over
  --mode      how it fails; flaky answers half of the calls, and half of those that fail were heard
  --permits   calls a second that the provider permits`;

/** What is promised of an outage of a minute. */
const MAX_CALLS_A_MINUTE = 5;
const MINUTE_S = 60;
const MAX_SECONDS_AFTER_RETURN = 60;

const { values } = parseArgs({
  options: {
    cards: { type: "string", default: "2000" },
    kind: { type: "string", default: "webhook" },
    mode: { type: "string", default: "down" },
    seconds: { type: "string", default: "60" },
    permits: { type: "string", default: "100" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else process.exit(await soak());

async function soak(): Promise<number> {
  const terminal = openTerminal();
  const mode = FAULT_MODES.find((known) => known === values.mode);
  const kind = REMOTE_KINDS.find((known) => known === values.kind);
  if (mode === undefined || kind === undefined) throw new Error(USAGE);
  const [cards, seconds, permitsPerSecond] = [Number(values.cards), Number(values.seconds), Number(values.permits)];
  const books = await runProvider(terminal, { cards, kind, mode, faultMs: seconds * 1_000, permitsPerSecond });
  const verdict = judge(books, {
    permitsPerSecond,
    maxCallsWhileDown: mode === "flaky" ? null : MAX_CALLS_A_MINUTE * Math.ceil(seconds / MINUTE_S),
    maxSecondsAfterReturn: MAX_SECONDS_AFTER_RETURN,
  });
  for (const fault of verdict.faults) terminal.say(`  ${fault}`);
  const { lost, doubled, waited, grantedAfterReturnSeconds } = verdict;
  terminal.say(
    `cards=${cards} lost=${lost} doubled=${doubled} callsWhileDown=${books.callsWhileDown} maxPerSecond=${books.maxPerSecond} ` +
      `grantedAfterReturn=${waited} grantedAfterReturnSeconds=${grantedAfterReturnSeconds}`,
  );
  return verdict.faults.length === 0 ? 0 : 1;
}
