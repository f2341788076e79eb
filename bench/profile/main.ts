import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { exitOnSignals, exitWith } from "../../scripts/exits.ts";
import { openInspector } from "../../scripts/inspector.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { openTerminal, silent, table } from "../../scripts/terminal.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { startGenerator } from "../issue/generator.ts";
import type { Generator } from "../issue/generator.ts";
import { keepResult } from "../keep-result.ts";
import { demoSigning, signedDraws } from "../peers/requests.ts";
import { BULK } from "../peers/targets.ts";
import { unlimited } from "../unlimited.ts";
import { selfTimes, sourcesOf } from "./self-time.ts";
import type { CpuProfile, Profiled, ProfileResult, SelfTime } from "./self-time.ts";

const USAGE = `npm run bench:profile -- [--seconds 8] [--raw folder]
  Where the time of a signed draw goes, alone and a hundred a call, by V8's sampling profiler: for each source file or package the share of the time that was in
  its own functions, or in what they called of the runtime.
  --raw  keeps the profiles as .cpuprofile, for Chrome's developer tools`;
const WARM_UP_MS = 5_000;
const SAMPLE_EVERY_US = 500;
const STOP_TIMEOUT_MS = 60_000;
/** Smaller shares come together in one line. */
const LEAST_SHARE = 0.01;
const CONNECTIONS = 48;
const BULK_CONNECTIONS = 12;
const MOST_SINGLE = 8_000;
const MOST_BULK = 120_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    raw: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const measureMs = Number(values.seconds) * 1_000;
exitOnSignals();
const terminal = openTerminal();
if (values.help) console.log(USAGE);
else await exitWith(run, terminal);

async function run(): Promise<number> {
  const house = await openServedHouse(terminal, { source: { adapt: unlimited }, scheduled: false, inspected: true });
  const generator = startGenerator();
  try {
    const profiled: Profiled[] = [];
    for (const [name, draws, most, connections] of [
      ["one draw a call", 1, MOST_SINGLE, CONNECTIONS],
      [`${BULK} draws a call`, BULK, MOST_BULK, BULK_CONNECTIONS],
    ] as const)
      profiled.push(await terminal.step(name, () => profile(house, generator, { name, draws, most, connections })));
    show(profiled);
    await keepResult(terminal, "profile", { profiled } satisfies ProfileResult);
    return 0;
  } finally {
    generator.close();
    await house.close({ keep: false });
  }
}

interface Play {
  readonly name: string;
  readonly draws: number;
  /** A second. */
  readonly most: number;
  readonly connections: number;
}

async function profile(house: ServedHouse, generator: Generator, { name, draws, most, connections }: Play): Promise<Profiled> {
  const id = `profile-${draws}`;
  const cards = Math.ceil((most * (WARM_UP_MS + measureMs)) / 1_000);
  const settings = { expectedPeakPerSecond: 300, fallback: undefined };
  await openMadeCampaign(house, house.admin, silent, {
    id,
    settings,
    stock: new Map([
      ["coupon-50", cards],
      ["thanks", cards],
    ]),
  });
  const signing = await demoSigning(house.keysDir);
  const { appOrigin, inspectorPort, folder } = house;
  const requests = signedDraws(signing, `${appOrigin}/partner/v1/campaigns/${id}/draws`, draws, Math.ceil(cards / draws));
  const port = Number(new URL(appOrigin).port);
  const fired = generator.fire({ port, requests, once: true, connections, warmUpMs: WARM_UP_MS, measureMs });
  await sleep(WARM_UP_MS);
  const inspector = await openInspector(inspectorPort ?? 0);
  await inspector.ask("Profiler.enable");
  await inspector.ask("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_US });
  await inspector.ask("Profiler.start");
  const { answered, failed, seconds } = await fired;
  const { profile: cpu } = await inspector.ask<{ profile: CpuProfile }>("Profiler.stop", {}, STOP_TIMEOUT_MS);
  inspector.close();
  if (failed > 0) throw new Error(`${failed} of ${answered} were not answered 200`);
  if (values.raw !== undefined) await keepRaw(values.raw, name, cpu);
  const bundle = join(folder, "bundle");
  const map = await readFile(join(bundle, "index.js.map"), "utf8");
  return { name, drawsPerSecond: (answered * draws) / seconds, shares: withRest(selfTimes(cpu, sourcesOf(map, bundle, ROOT))) };
}

async function keepRaw(folder: string, name: string, cpu: CpuProfile): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name.replaceAll(" ", "-")}.cpuprofile`), JSON.stringify(cpu));
}

function withRest(all: readonly SelfTime[]): SelfTime[] {
  const large = all.filter(({ share }) => share >= LEAST_SHARE);
  const rest = all.filter(({ share }) => share < LEAST_SHARE).reduce((sum, { share }) => sum + share, 0);
  return [...large, { where: `${all.length - large.length} others`, share: rest }];
}

function show(profiled: readonly Profiled[]): void {
  for (const { name, drawsPerSecond, shares } of profiled) {
    terminal.say(`\n${name}, ${Math.round(drawsPerSecond)} draws/s while being profiled`);
    terminal.say(
      `\n${table(
        ["%", "in"],
        shares.map(({ where, share }) => [(share * 100).toFixed(1), where]),
      )}\n`,
    );
  }
}
