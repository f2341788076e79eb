import { abortAllDurableObjects, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { finish } from "./audit.ts";
import { Play } from "./play.ts";
import { beatsOf, scenarios } from "./scenario.ts";
import { Stage } from "./stage.ts";

/** What `npm run soak:model` asks for; nothing of it in `npm test`. */
interface ModelRun {
  readonly runs?: number;
  readonly commands?: number;
  readonly seed?: number;
  readonly path?: string;
  /** Objects are also killed one by one. The runtime writes to the error output of each. */
  readonly killOne?: boolean;
}

const ASKED = JSON.parse(env.MODEL_RUN) as ModelRun;
const RUNS = ASKED.runs ?? 100;
const COMMANDS = ASKED.commands ?? 60;
const KILL_ONE = ASKED.killOne ?? false;
const TELL_EVERY_RUNS = 25;
/** What is stored of so many campaigns is thrown away. */
const KEEP_RUNS = 20;
const MAX_RUN_MS = 30_000;

it(
  "is what the model says, whatever is asked at once, whatever breaks",
  async () => {
    const stage = new Stage();
    let runs = 0;
    const outcome = await fc.check(
      fc.asyncProperty(scenarios, beatsOf(COMMANDS, KILL_ONE), async (scenario, beats) => {
        stage.reset(scenario.seed, scenario.timers);
        const play = new Play(stage, scenario);
        try {
          await play.open();
          await play.play(beats);
          await finish(play);
        } finally {
          await abortAllDurableObjects();
        }
        runs += 1;
        if (runs % KEEP_RUNS === 0) await reset();
        if (runs % TELL_EVERY_RUNS === 0 && runs <= RUNS) console.log(`model ${runs} of ${RUNS} runs`);
      }),
      {
        numRuns: RUNS,
        ...(ASKED.seed === undefined ? {} : { seed: ASKED.seed }),
        ...(ASKED.path === undefined ? {} : { path: ASKED.path }),
      },
    );
    console.log(`model ended after ${outcome.numRuns} runs, seed ${outcome.seed}`);
    if (outcome.failed) {
      const killing = KILL_ONE ? "" : " --kill-all-only";
      console.log(
        `again: npm run soak:model -- --commands ${COMMANDS}${killing} --seed=${outcome.seed} --path ${outcome.counterexamplePath}`,
      );
      console.log(fc.stringify(outcome.counterexample));
      throw outcome.errorInstance;
    }
    expect(outcome.numRuns).toBeGreaterThanOrEqual(ASKED.path === undefined ? RUNS : 1);
  },
  RUNS * MAX_RUN_MS,
);
