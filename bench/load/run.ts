import { join } from "node:path";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { silent } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { workerdMemory } from "../../soak/import/memory.ts";
import { seededRandom } from "../../soak/random.ts";
import { startGeneratorProcess } from "../generator-process.ts";
import type { GeneratorProcess } from "../generator-process.ts";
import { groupsCpuMs, quiet } from "../issue/cpu.ts";
import type { Scene } from "./crowds.ts";
import { judgeLoad } from "./judge.ts";
import type { Verdict } from "./judge.ts";
import type { LoadOrder, LoadReport } from "./order.ts";
import type { Scenario } from "./scenarios.ts";
import { arrivals, lengthMs } from "./shape.ts";
import type { Stage } from "./stage.ts";
import type { LoadFigures } from "./tally.ts";

/** What a load came to, as it is kept. */
export interface Run {
  readonly rate: number;
  /** Visits a second, on the average of the shape. */
  readonly planned: number;
  readonly achieved: number;
  readonly requestsPerSecond: number;
  /** Of the server from the first arrival to the last answer, by the requests; null where the system does not tell. */
  readonly cpuMicrosPerRequest: number | null;
  /** Resident memory of the server afterwards. */
  readonly rssMb: number | null;
  readonly verdict: Verdict;
  readonly figures: LoadFigures & { readonly busy: number };
}

/** What the users of a scene were told, over all its runs. */
export interface Told {
  readonly issued: Set<string>;
  redeemed: number;
  /** Cards of calls that had no good answer: they may be there or not. */
  unknown: number;
}

/** A scenario with its campaign on a stage, and who loads it. */
export interface Play {
  readonly scenario: Scenario;
  readonly scene: Scene;
  readonly generator: GeneratorProcess<LoadOrder, LoadReport>;
  readonly told: Told;
}

export function startLoadGenerator(): GeneratorProcess<LoadOrder, LoadReport> {
  return startGeneratorProcess(join(import.meta.dirname, "generate.ts"));
}

/** Opens the scenario's campaign. */
export async function openPlay(stage: Stage, terminal: Terminal, scenario: Scenario, generator: Play["generator"]): Promise<Play> {
  const told = { issued: new Set<string>(), redeemed: 0, unknown: 0 };
  const { name, campaign } = scenario;
  if (campaign === null) return { scenario, scene: { stage, campaign: "", channelId: "" }, generator, told };
  const id = `load-${name}`;
  const file = await terminal.step(`${id} is open`, () => openMadeCampaign(stage, stage.admin, silent, { id, ...campaign }));
  return { scenario, scene: { stage, campaign: id, channelId: file.line.channelId }, generator, told };
}

/** Chooses when everybody comes, which is the same for the same rate and time. */
const SEED = 1;

/** Loads the stage once, at `rate` for `seconds`. */
export async function runLoad({ scenario, scene, generator, told }: Play, rate: number, seconds: number): Promise<Run> {
  const { stage } = scene;
  const shape = scenario.shape(rate, seconds);
  const { drawn = [], ...crowd } = await scenario.crowd(scene, arrivals(shape, seededRandom(SEED)));
  const phases = shape.map(({ name }, i) => ({ name, untilMs: lengthMs(shape.slice(0, i + 1)) }));
  const port = Number(new URL(stage.appOrigin).port);
  await quiet([stage.group]);
  const before = await groupsCpuMs([stage.group]);
  const { cards, ...figures } = await generator.fire({ port, ...crowd, phases, connections: scenario.connections });
  const after = await groupsCpuMs([stage.group]);
  for (const card of [...drawn, ...cards]) told.issued.add(card);
  told.redeemed += figures.steps["redeem"]?.count ?? 0;
  told.unknown += (figures.visits - figures.completed) * scenario.draws;
  const { visits, completed, requests } = figures;
  return {
    rate,
    planned: visits / (lengthMs(shape) / 1_000),
    achieved: completed / figures.seconds,
    requestsPerSecond: requests / figures.seconds,
    cpuMicrosPerRequest: before === null || after === null ? null : ((after - before) * 1_000) / requests,
    rssMb: (await workerdMemory(stage.group))?.rssMb ?? null,
    verdict: judgeLoad(figures, scenario.bounds),
    figures,
  };
}
