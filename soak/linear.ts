import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { mapAtOnce } from "../scripts/at-once.ts";
import { openServedHouse } from "../scripts/served-house.ts";
import { exitOnSignals } from "../scripts/exits.ts";
import { openTerminal } from "../scripts/terminal.ts";
import { killOnce } from "./kill.ts";
import { playCard } from "./linear/card-history.ts";
import type { Operation, Verdict } from "./linear/check.ts";
import { playLimit } from "./linear/limit-history.ts";
import { openScene } from "./linear/scene.ts";
import { chooseSeed, seededRandom } from "./random.ts";
import type { Random } from "./random.ts";

const USAGE = `npm run soak:linear -- [--histories 1000] [--kills 10] [--seed 1] [--minutes 15]
  Several callers at once draw for one recipient, or reveal, redeem and take back one card; some of their calls are cut, and the server is killed.
  Every history must be what one caller at a time could have seen.`;
const HISTORIES_AT_ONCE = 4;
const KILL_PROBE_MS = 50;
const MINUTE_MS = 60_000;

interface Played {
  readonly what: string;
  readonly history: readonly Operation<unknown, unknown>[];
  readonly verdict: Verdict<unknown, unknown>;
}

const { values } = parseArgs({
  options: {
    histories: { type: "string", default: "1000" },
    kills: { type: "string", default: "10" },
    seed: { type: "string" },
    minutes: { type: "string", default: "15" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else process.exit(await soak(chooseSeed(values.seed)));

async function soak(seed: number): Promise<number> {
  const terminal = openTerminal();
  terminal.say(`seed ${seed}`);
  const random = seededRandom(seed);
  const house = await openServedHouse(terminal);
  const byHand = await openScene(house, terminal, "by-hand", false);
  const atOnce = await openScene(house, terminal, "at-once", true);
  const plays = [
    { what: "the limit of a recipient", play: playLimit, scene: byHand },
    { what: "the life of a card", play: playCard, scene: byHand },
    { what: "the life of a card that is redeemed with its reveal", play: playCard, scene: atOnce },
  ];
  const [wanted, kills] = [Number(values.histories), Number(values.kills)];
  const deadline = performance.now() + Number(values.minutes) * MINUTE_MS;
  let done = 0;
  let killed = 0;
  const killNowAndThen = async (own: Random): Promise<void> => {
    const isOver = () => killed >= kills || done >= wanted || performance.now() > deadline;
    while (!isOver()) {
      if (done < ((killed + 0.5) * wanted) / kills) await sleep(KILL_PROBE_MS);
      else {
        await killOnce(house.server, own);
        killed += 1;
      }
    }
  };
  const killing = killNowAndThen(random.fork());
  const histories = Array.from({ length: wanted }, () => ({ ...random.pick(plays), own: random.fork() }));
  const played = await mapAtOnce(histories, HISTORIES_AT_ONCE, async ({ what, play, scene, own }): Promise<Played | null> => {
    if (performance.now() > deadline) return null;
    const outcome = { what, ...(await play(scene, own)) };
    done += 1;
    terminal.progress("histories", done, wanted);
    return outcome;
  });
  await killing;
  await house.close({ keep: false });
  const checked = played.filter((one) => one !== null);
  const wrong = checked.filter(({ verdict }) => verdict.status === "not_linearizable");
  const undecided = checked.filter(({ verdict }) => verdict.status === "undecided");
  for (const { what, history, verdict } of wrong) {
    terminal.say(`\nNot what one caller at a time could have seen, ${what}:`);
    for (const call of history) terminal.say(`  ${JSON.stringify(call)}`);
    if (verdict.status === "not_linearizable")
      terminal.say(`stuck after ${verdict.furthest.length} calls, before ${JSON.stringify(verdict.stuck)}`);
  }
  const calls = checked.flatMap(({ history }) => history);
  const unknown = calls.filter(({ output }) => output === null).length;
  terminal.say(
    `histories=${checked.length} calls=${calls.length} unknown=${unknown} kills=${killed} undecided=${undecided.length} linearizable=${wrong.length === 0}`,
  );
  return wrong.length === 0 && undecided.length === 0 && checked.length > 0 ? 0 : 1;
}
