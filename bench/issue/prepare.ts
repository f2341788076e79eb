import { unlimited } from "../unlimited.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_FILES, openKeys } from "../../sandbox/keys.ts";
import type { WorkerOptions } from "../../scripts/bundle.ts";
import { HMAC_KEY_ID } from "../../scripts/demo-partner.ts";
import { drawOne } from "../../scripts/draw.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { hmacKey } from "../../scripts/partner-client.ts";
import type { PartnerKey } from "../../scripts/partner-client.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { newLineUserId } from "../../scripts/player-client.ts";
import { deriveSessionKeys, openSession } from "../../worker/player/session.ts";
import type { SessionKeys } from "../../worker/player/session.ts";

/** One shard each, so that draws meet at one issuer, and one campaign each, so that the bulk's millions of rows weigh on nothing else. */
export const CAMPAIGNS = { draw: "bench-draw", bulk: "bench-bulk", signed: "bench-signed", signedBulk: "bench-signed-bulk" } as const;
const PEAK_PER_SECOND = 300;
const LIMIT = 1_000;
/** More than any run draws. */
const STOCK = new Map([
  ["points-10", 1_000_000],
  ["coupon-50", 2_000_000],
  ["thanks", 4_000_000],
]);

export interface Bench {
  readonly house: ServedHouse;
  /** What a partner signs with; HMAC, for its check costs least. */
  readonly key: PartnerKey;
  readonly face: { readonly path: string; readonly bytes: number; readonly keys: SessionKeys };
}

/** Serves the app with the bench's routes, and opens its campaigns. */
export async function prepareBench(terminal: Terminal): Promise<Bench> {
  const house = await openServedHouse(terminal, { source: { entry: "bench/issue/worker/index.ts", adapt: addProbe }, scheduled: false });
  const settings = { expectedPeakPerSecond: PEAK_PER_SECOND, limits: { perRecipient: LIMIT } };
  for (const id of Object.values(CAMPAIGNS)) await openMadeCampaign(house, house.admin, terminal, { id, settings, stock: STOCK });
  const { cardId } = await drawOne(house.partner, CAMPAIGNS.signed);
  const key = hmacKey(HMAC_KEY_ID, await readFile(join(house.keysDir, KEY_FILES.demoSecret), "utf8"));
  const path = `/player/v1/campaigns/${CAMPAIGNS.signed}/cards/${cardId}`;
  const keys = await sessionKeys(house);
  return { house, key, face: { path, keys, bytes: await bytesOf(house.appOrigin + path, keys) } };
}

/** Length of a card's face. */
async function bytesOf(url: string, keys: SessionKeys): Promise<number> {
  const { session } = await openSession(keys, CAMPAIGNS.signed, { sub: newLineUserId() }, Date.now());
  const response = await fetch(url, { headers: { authorization: `Bearer ${session}` } });
  if (!response.ok) throw new Error(`the card's face was answered ${response.status}`);
  return (await response.arrayBuffer()).byteLength;
}

function addProbe(options: WorkerOptions): WorkerOptions {
  const open = unlimited(options);
  return { ...open, durableObjects: { ...open.durableObjects, PROBE: { className: "Probe", useSQLite: true } } };
}

/** What the app signs sessions with: users sign in here, so that it is not measured. */
async function sessionKeys({ keysDir }: ServedHouse): Promise<SessionKeys> {
  return await deriveSessionKeys((await openKeys(keysDir)).secrets.SESSION_KEY);
}
