import { ApiError } from "../../scripts/api-call.ts";
import type { WorkerOptions } from "../../scripts/bundle.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { silent } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { unlimited } from "../unlimited.ts";
import { loadDeck, readCard } from "./peer.ts";
import type { Most, Peer, PeerCampaign } from "./peer.ts";

/** As for a campaign that draws some hundred cards a second: one shard, so that one object is compared with one Redis. */
const PEAK_PER_SECOND = 300;

export interface Inside {
  readonly house: ServedHouse;
  readonly kuji: Peer;
  /** The same, with its Worker and its objects in a process each, as the platform runs them, and as the other peers use two. */
  readonly kujiApart: Peer;
  readonly naiveObject: Peer;
  readonly naiveD1: Peer;
}

/** Kuji and the designs that come to mind first on its platform, in one workerd: each is idle while another is measured. */
export async function openInside(terminal: Terminal): Promise<Inside> {
  const house = await openServedHouse(terminal, {
    source: { entry: "bench/peers/worker/index.ts", adapt: addPeers },
    scheduled: false,
    apart: true,
  });
  const { server, edge, appOrigin } = house;
  if (edge === null) throw new Error("the Worker is not served apart from its objects");
  const inside = {
    durable: true,
    groups: () => [server.group],
    crash: async () => {
      await Promise.all([edge.kill(), server.kill()]);
      await server.start();
      await edge.start();
    },
    close: async () => {},
  };
  const naive = (name: string, what: string, most: Most): Peer => {
    const origin = `${appOrigin}/${name}`;
    return {
      ...inside,
      name,
      what,
      most,
      origin,
      load: (campaign) => loadDeck(origin, campaign),
      card: (campaign, cardId) => readCard(origin, campaign, cardId),
    };
  };
  const kuji = {
    ...inside,
    load: async ({ id, limit, stock }: PeerCampaign) => {
      const settings = { expectedPeakPerSecond: PEAK_PER_SECOND, limits: { perRecipient: limit }, fallback: undefined };
      await openMadeCampaign(house, house.admin, silent, { id, settings, stock });
    },
    card: async (campaign: string, cardId: string) =>
      await house.partner.card(campaign, cardId).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }),
  };
  return {
    house,
    kuji: { ...kuji, name: "kuji", what: "Kuji, in one process", most: { single: 8_000, bulk: 120_000 }, origin: appOrigin },
    kujiApart: {
      ...kuji,
      name: "kuji apart",
      what: "Kuji, its Worker and its objects in a process each",
      groups: () => [server.group, edge.group],
      most: { single: 8_000, bulk: 160_000 },
      origin: edge.origin,
    },
    naiveObject: naive("naive-object", "a Durable Object with a call and its inserts for each draw", { single: 6_000, bulk: 8_000 }),
    naiveD1: naive("naive-d1", "D1 with an UPDATE … RETURNING for each draw", { single: 4_000, bulk: 4_000 }),
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
