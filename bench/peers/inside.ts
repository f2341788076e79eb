import type { WorkerOptions } from "../../scripts/bundle.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { silent } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { unlimited } from "../unlimited.ts";
import { loadDeck } from "./peer.ts";
import type { Most, Peer } from "./peer.ts";

/** As for a campaign that draws some hundred cards a second: one shard, so that one object is compared with one Redis. */
const PEAK_PER_SECOND = 300;

export interface Inside {
  readonly house: ServedHouse;
  readonly kuji: Peer;
  readonly naiveObject: Peer;
  readonly naiveD1: Peer;
}

/** Kuji and the designs that come to mind first on its platform, in one workerd: each is idle while another is measured. */
export async function openInside(terminal: Terminal): Promise<Inside> {
  const house = await openServedHouse(terminal, { source: { entry: "bench/peers/worker/index.ts", adapt: addPeers }, scheduled: false });
  const { server, appOrigin } = house;
  const inside = {
    durable: true,
    groups: () => [server.group],
    crash: async () => {
      await server.kill();
      await server.start();
    },
    close: async () => {},
  };
  const naive = (name: string, what: string, most: Most): Peer => {
    const origin = `${appOrigin}/${name}`;
    return { ...inside, name, what, most, origin, load: (campaign) => loadDeck(origin, campaign) };
  };
  return {
    house,
    kuji: {
      ...inside,
      name: "kuji",
      what: "Kuji",
      most: { single: 8_000, bulk: 90_000 },
      origin: appOrigin,
      load: async ({ id, limit, stock }) => {
        const settings = { expectedPeakPerSecond: PEAK_PER_SECOND, limits: { perRecipient: limit }, fallback: undefined };
        await openMadeCampaign(house, house.admin, silent, { id, settings, stock });
      },
    },
    naiveObject: naive("naive-object", "a Durable Object with a call and its inserts for each draw", { single: 6_000, bulk: 12_000 }),
    naiveD1: naive("naive-d1", "D1 with an UPDATE … RETURNING for each draw", { single: 4_000, bulk: 16_000 }),
  };
}

function addPeers(options: WorkerOptions): WorkerOptions {
  const open = unlimited(options);
  return {
    ...open,
    durableObjects: {
      ...open.durableObjects,
      PROBE: { className: "Probe", useSQLite: true },
      NAIVE_POOL: { className: "NaivePool", useSQLite: true },
    },
    d1Databases: { ...(open.d1Databases as Record<string, string>), NAIVE_CARDS: "naive-cards" },
  };
}
