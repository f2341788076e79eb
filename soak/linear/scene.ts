import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_FILES } from "../../sandbox/keys.ts";
import { callJson } from "../../scripts/api-call.ts";
import { ED25519_KEY_ID } from "../../scripts/demo-partner.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { ed25519Key } from "../../scripts/partner-client.ts";
import type { PartnerKey } from "../../scripts/partner-client.ts";
import { newLineUserId } from "../../scripts/player-client.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import type { Tries } from "../insist.ts";

/** Cards that one recipient may have. */
export const LIMIT = 3;
/** More than all histories draw. */
const STOCK = new Map([
  ["points-10", 30_000],
  ["coupon-50", 30_000],
  ["thanks", 30_000],
]);

/** A campaign that histories are played in. */
export interface Scene {
  readonly house: ServedHouse;
  readonly key: PartnerKey;
  readonly campaign: string;
  readonly channelId: string;
  readonly autoRedeem: boolean;
  readonly tries: Tries;
}

/** Uploads and opens a campaign for histories. */
export async function openScene(house: ServedHouse, terminal: Terminal, campaign: string, autoRedeem: boolean): Promise<Scene> {
  const settings = { autoRedeem, limits: { perRecipient: LIMIT } };
  const file = await openMadeCampaign(house, house.admin, terminal, { id: campaign, settings, stock: STOCK });
  const key = ed25519Key(ED25519_KEY_ID, await readFile(join(house.keysDir, KEY_FILES.demoKey), "utf8"));
  const tries: Tries = { ready: () => house.server.ready, unknown: 0, internal: 0 };
  return { house, key, campaign, channelId: file.line.channelId, autoRedeem, tries };
}

/** Signs a new user in; gives the session. */
export async function signIn({ house, campaign, channelId }: Scene): Promise<string> {
  const user = { sub: newLineUserId(), channelId };
  const { idToken } = await callJson<{ idToken: string }>(`${house.sandboxOrigin}/sandbox/id-token`, { method: "POST", body: user });
  const body = { campaign, idToken };
  const { session } = await callJson<{ session: string }>(`${house.appOrigin}/player/v1/session`, { method: "POST", body });
  return session;
}
