import type { WorkerOptions } from "../../../scripts/bundle.ts";
import { openMadeCampaign } from "../../../scripts/made-campaign.ts";
import { openServedHouse } from "../../../scripts/served-house.ts";
import type { ServedHouse } from "../../../scripts/served-house.ts";
import type { Terminal } from "../../../scripts/terminal.ts";
import { unlimited } from "../../unlimited.ts";

/** Issuing by RPC, by as many issuers as keep the thread at work; what settles; and over HTTP. */
export const CAMPAIGNS = { issue: "times-issue", settle: "times-settle", edge: "times-edge" } as const;
export const ISSUE_SHARDS = 8;
const PEAK_PER_SHARD = 300;
const LIMIT = 1_000;
/** More than a run draws and leases. */
const STOCK = new Map([
  ["points-10", 1_000_000],
  ["coupon-50", 2_000_000],
  ["thanks", 4_000_000],
]);

/** Serves the app with `bench/scale/worker/timing.ts`, and opens its campaigns. */
export async function prepareTiming(terminal: Terminal): Promise<ServedHouse> {
  const house = await openServedHouse(terminal, { source: { entry: "bench/scale/worker/timing.ts", adapt: addProbe }, scheduled: false });
  for (const id of Object.values(CAMPAIGNS)) {
    const expectedPeakPerSecond = PEAK_PER_SHARD * (id === CAMPAIGNS.issue ? ISSUE_SHARDS : 1);
    const settings = { expectedPeakPerSecond, limits: { perRecipient: LIMIT } };
    await openMadeCampaign(house, house.admin, terminal, { id, settings, stock: STOCK });
  }
  return house;
}

function addProbe(options: WorkerOptions): WorkerOptions {
  const open = unlimited(options);
  return { ...open, durableObjects: { ...open.durableObjects, PROBE: { className: "Probe", useSQLite: true } } };
}
